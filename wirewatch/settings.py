"""Settings: environment variables with the prefix ``WIREWATCH_`` or a ``.env`` file, nothing else.

A nested setting is written with two underscores: ``WIREWATCH_CRAWL__DELAY=2``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from wirewatch.errors import UserError


def zone(name: str) -> str:
    """The name itself, where it is that of a time zone; a :class:`ValueError` otherwise."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{name}` is no time zone: write one as Europe/Paris or UTC") from None
    return name


def without_login(url: str) -> str:
    """An address as it may be shown: without a user and a password in it."""
    return re.sub(r"^(\w+://)?.*@", r"\1", url, flags=re.DOTALL)


class CrawlSettings(BaseModel):
    """How politely and how far the crawler goes."""

    model_config = ConfigDict(extra="forbid")

    user_agent: str = "Wirewatch/0.1 (+https://wirewatch.invalid/bot; set WIREWATCH_CRAWL__USER_AGENT)"
    """Says who crawls and how to reach them: put your own contact address into it."""
    delay: float = Field(1.0, ge=0)
    """Seconds between two requests to one site; a longer crawl-delay of robots.txt wins."""
    per_site: int = Field(2, ge=1)
    """Requests under way at once to one site."""
    timeout: float = Field(30.0, gt=0)
    """Seconds that one response may take."""
    max_bytes: int = Field(10 * 2**20, ge=1)
    """Size above which a response is given up."""
    max_articles: int = Field(200, ge=1)
    """New articles taken from one source in one run, the newest first. What is left over is taken by the next run."""
    max_minutes: float = Field(180, gt=0)
    """Minutes that the crawl of one group may take. What is left over then is taken by the next run."""
    daily_requests: int = Field(5000, ge=1)
    """Pages asked from one site in one day (UTC). What is left over is taken on the next."""
    honour_noindex: bool = True
    """Whether pages that ask not to be indexed (robots meta, X-Robots-Tag) are left out."""
    honour_noarchive: bool = False
    """Whether pages that ask not to be archived are left out."""
    honour_tdm: bool = True
    """Whether pages that reserve text and data mining (W3C TDM Reservation Protocol) are left out."""
    max_warc_bytes: int = Field(2**30, ge=1)
    """Size above which the archive of a crawl goes on in another WARC file."""
    chromium: str = "chromium"
    """The Chromium that renders the pages of ``render: true`` sources: a command or a path."""
    proxy: str | None = None
    """An HTTP proxy for every request."""
    allow_private: bool = False
    """Whether hosts on loopback and private networks may be crawled. Only for the demo and for tests."""


class ElasticsearchSettings(BaseModel):
    """Where the articles are indexed. Without a URL Wirewatch starts a node of its own (search/node)."""

    model_config = ConfigDict(extra="forbid")

    url: str | None = None
    api_key: SecretStr | None = None
    api_key_file: FilePath | None = None
    """A file that has the key (`wirewatch security setup --pipeline-key`): containers are given secrets so."""
    user: str | None = None
    password: SecretStr | None = None
    ca: Path | None = None
    """Certificate authority of a cluster with a private one."""
    keep_days: int | None = Field(None, ge=1)
    """Days for which an article is kept in the index after it was first seen; without a number for ever."""
    keep_replaced_days: int = Field(7, ge=0)
    """Days for which an index that a newer one has replaced (`wirewatch index migrate`) is kept."""
    snapshots: str = "wirewatch"
    """Folder of the snapshots, as Elasticsearch sees it: one within the first folder that its setting ``path.repo``
    names, or the whole path of one that it allows. The local node allows the one that is named here."""

    @model_validator(mode="after")
    def _with_key(self) -> Self:
        if self.api_key_file and not self.api_key:
            self.api_key = SecretStr(self.api_key_file.read_text().strip())
        return self


class KeepSettings(BaseModel):
    """How long things are kept that are not needed for ever. `wirewatch maintain` removes them: docs/maintain.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pages_days: int | None = Field(None, ge=3)
    """Days for which the archive (WARC) of a crawl is kept; without a number for ever. Without it the articles of these
    days cannot be cut out once more. What is known of each page stays."""
    enriched_days: int | None = Field(None, ge=90)
    """Days for which enriched articles are kept outside of the index; without a number for ever. They can be made anew
    from the articles, which stay. Stories go on for 60 days after their last article, and are read from these."""
    addresses_days: int = Field(400, ge=30)
    """Days after its last visit for which all is known of an address. Then only that it was asked for is remembered."""
    health_days: int = Field(400, ge=60)
    """Days for which the index knows how a source did. Verdicts need 56."""
    notices_days: int | None = Field(None, ge=90)
    """Days for which the index knows what alerts had to tell, and to whom it was sent; without a number for ever."""
    snapshots: int = Field(7, ge=0)
    """Snapshots of the index that are kept, of which one is taken each day; with 0 none is taken."""
    runs_days: int = Field(30, ge=2)
    """Days for which Airflow knows its runs and keeps their logs."""


class SmtpSettings(BaseModel):
    """The server that takes our mail."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """``smtp://mail.example.org:587`` (it must offer STARTTLS) or ``smtps://mail.example.org:465``."""
    sender: str = ""
    """The address that mail comes from, with or without a name: ``Wirewatch <alerts@example.org>``."""
    user: str | None = None
    password: SecretStr | None = None
    tls: bool = True
    """Without it mail goes in the clear, and without a password: for a server on this machine."""
    ca: Path | None = None
    """Certificate authority of a server with a private one."""
    timeout: float = Field(30.0, gt=0)
    """Seconds that it may take to answer."""


class EmbedderSettings(BaseModel):
    """What computes the vectors of texts: without a URL and a factory multilingual-e5-small, on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """A server that speaks OpenAI's protocol: ``http://localhost:8080/v1/embeddings``."""
    model: str = "intfloat/multilingual-e5-small"
    """What that server calls the model."""
    key: SecretStr | None = None
    query_prefix: str = "query: "
    """What the model wants before what is asked; empty where the server adds it."""
    passage_prefix: str = "passage: "
    """What the model wants before what is to be found."""
    factory: str | None = None
    """A function of yours, ``package.module:function``, that gives an ``enrichment.embedding.Embedder``."""


class AirflowSettings(BaseModel):
    """The Airflow that `wirewatch up` runs on this machine; or another one, that `wirewatch status` looks at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(8080, ge=1, le=65535)
    """Where it serves its pages, on loopback."""
    database: SecretStr | None = None
    """SQLAlchemy URL of its database, in a PostgreSQL: ``postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE``. Without
    one it is SQLite, in the home folder."""
    parallelism: int = Field(20, ge=1)
    """Tasks at once. What is heavy is limited by the slots of the pools (``dags/pools.json``): with fewer places than
    these have together, and some for all else, what should be quick waits for the night's crawls."""
    url: str | None = None
    """Pages of an Airflow that runs elsewhere: ``https://airflow.example.org``."""
    user: str = "admin"
    """Who asks that one."""
    password: SecretStr | None = None


class Settings(BaseSettings):
    """All settings of a Wirewatch installation."""

    model_config = SettingsConfigDict(
        env_prefix="WIREWATCH_", env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    home: Path = Path(".wirewatch")
    """Everything that Wirewatch writes on this machine, unless a setting below says otherwise."""
    sources: Path = Path("sources")
    """The folder of catalogue files."""
    batches: str = ""
    """fsspec URL under which the batches of every stage are kept, the archive among them."""
    state: str = ""
    """SQLAlchemy URL of the crawl state."""
    alerts: Path = Path("alerts.yml")
    """The file of alerts."""
    channels: Path = Path("channels.yml")
    """The file of the channels that have a name; only the operator should be able to read it."""
    public_url: str = "http://127.0.0.1:8765"
    """Where those who are told find `wirewatch serve`: links in messages begin with it."""
    link_secret: SecretStr | None = None
    """What links in messages are signed with; without it a secret in the home folder, made when it is first needed."""
    workers: int = Field(2, ge=1)
    """Processes that extract at once."""
    operator: tuple[str, ...] = ("stdout",)
    """Alert channels where the operator is told, once a day, of sources that are not well (JSON: ``["stdout"]``)."""
    timezone: Annotated[str, AfterValidator(zone)] = "UTC"
    """Time zone of the hours at which Airflow begins what it does once a day (``Europe/Paris``)."""
    time_shift: float = 0.0
    """Seconds by which Wirewatch takes the time to be later than it is: for simulations."""
    airflow: AirflowSettings = AirflowSettings()
    crawl: CrawlSettings = CrawlSettings()
    keep: KeepSettings = KeepSettings()
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    smtp: SmtpSettings = SmtpSettings()
    elasticsearch_url: str | None = Field(
        default=None, validation_alias=AliasChoices("ELASTICSEARCH_URL", "WIREWATCH_ELASTICSEARCH_URL")
    )
    """Shorthand for ``elasticsearch.url``: the name that every Elasticsearch tool uses."""
    kibana_url: str = Field(
        default="http://localhost:5601", validation_alias=AliasChoices("KIBANA_URL", "WIREWATCH_KIBANA_URL")
    )
    """The Kibana that gets our saved objects; its user is that of ``elasticsearch``."""
    kibana_public_url: str = Field(
        default="", validation_alias=AliasChoices("KIBANA_PUBLIC_URL", "WIREWATCH_KIBANA_PUBLIC_URL")
    )
    """Where those who are told find Kibana, if that is not ``kibana_url``."""
    kibana_ca: Path | None = None
    """Certificate authority of a Kibana (``https://…``) with a private one."""
    kibana_tell: tuple[str, ...] = ()
    """Channels of saved searches and rules in Kibana that name none (JSON: ``["desk"]``)."""
    node_home: Path | None = None
    """An unpacked official Elasticsearch to run as the local node instead of the assembled one."""
    node_heap: str = "1g"
    """Java heap of the local node, as Java writes it (``512m``, ``4g``); the process takes about 400 MB more."""
    models: dict[str, str] = {}
    """spaCy package by language, over the defaults: ``WIREWATCH_MODELS__EN=en_core_web_trf``."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.home = self.home.absolute()
        self.public_url = self.public_url.rstrip("/")
        self.kibana_public_url = without_login(self.kibana_public_url or self.kibana_url).rstrip("/")
        self.batches = self.batches or (self.home / "batches").as_uri()
        self.state = self.state or f"sqlite:///{self.home / 'state.sqlite'}"
        if self.elasticsearch_url and not self.elasticsearch.url:
            self.elasticsearch = self.elasticsearch.model_copy(update={"url": self.elasticsearch_url})
        return self


def setting_names(kind: type[BaseModel] = Settings, prefix: str = "WIREWATCH_") -> list[str]:
    """The environment variables that are settings: ``WIREWATCH_CRAWL__DELAY``."""
    found = []
    for field, about in kind.model_fields.items():
        name, inner = f"{prefix}{field.upper()}", about.annotation
        found.append(name)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += setting_names(inner, f"{name}__")
    return found


def is_setting(variable: str) -> bool:
    """Whether an environment variable is a setting, or names a language's entry of ``models``."""
    return variable.upper() in setting_names() or variable.upper().startswith("WIREWATCH_MODELS__")


@cache
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        UserError: a variable has a value that is not allowed; the message names each.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"WIREWATCH_{'__'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
        )
        raise UserError(f"A setting is not usable: {wrong}. Correct it in the environment or in .env.") from None
    except SettingsError as error:
        name = str(error).split('"')[1].upper()  # error parsing value for field "operator" …
        raise UserError(
            f"A setting is not usable: WIREWATCH_{name} is no JSON. Correct it in the environment or in .env."
        ) from None
