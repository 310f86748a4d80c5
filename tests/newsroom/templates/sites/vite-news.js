// What a client-rendered site does: an empty shell, a request for data, and then the page.
const add = (parent, name, text = "", attributes = {}) => {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return parent.appendChild(element);
};
const page = await (await fetch("/api" + location.pathname)).json();
const main = add(document.getElementById("app"), "main");
if (page.links) {
  add(main, "h1", page.section);
  for (const link of page.links) add(add(main, "h2"), "a", link.title, { href: link.href });
} else {
  document.title = `${page.title} | Vite News`;
  add(document.head, "script", JSON.stringify(page.data), { type: "application/ld+json" });
  add(document.head, "link", "", { rel: "canonical", href: page.data.mainEntityOfPage["@id"] });
  const article = add(main, "article");
  add(article, "h1", page.title);
  if (page.lead) add(article, "p", page.lead, { class: "standfirst" });
  if (page.image) add(article, "img", "", { src: `/images/${page.slug}.png`, alt: page.image.caption });
  const body = add(article, "div", "", { class: "article-body" });
  for (const [tag, text] of page.blocks) add(body, tag, text);
}
navigator.sendBeacon("/beacon", location.pathname);
