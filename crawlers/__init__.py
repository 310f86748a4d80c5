"""The crawl and extract stages: from the catalogue of sources to archived pages, and from those to articles."""

import tldextract.tldextract

# url-matcher (under web-poet) and we ask tldextract for registered domains. By default it would first fetch the list of
# public suffixes from the web; the copy in its package serves as well, and nothing is asked of the network.
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
