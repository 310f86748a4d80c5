"""The checks of ``wirewatch doctor``: each a small function that yields what it found. A check changes nothing.

What is wrong may also be raised as a UserError, which says what to do itself.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import pwd
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from pydantic_settings import DotEnvSettingsSource

from wirewatch import batches, settled
from wirewatch.batches import Batch
from wirewatch.cli.airflow import Airflow, airflow_of
from wirewatch.cli.console import Verdict
from wirewatch.cli.words import ago, created, room, size
from wirewatch.errors import UserError
from wirewatch.records import Record, now
from wirewatch.settings import CrawlSettings, Settings, is_setting, setting_names, without_login
from wirewatch.sources import load_sources
from wirewatch.words import how_many

SECONDS = 5
"""For an answer from whatever is asked."""
LATELY = timedelta(days=2)


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    verdict: Verdict
    what: str
    mend: str = ""
    """What to do about it: a command, or a setting."""


Check = Callable[[Settings], Iterator[Finding]]

_SECRET = re.compile(
    r"""(?mix)^[ \t]* (?:export[ \t]+)?
    (?: \w*(?:KEY|PASSWORD|SECRET|TOKEN)[ \t]*=[ \t]*['"]?[^'"\s#]
      | \w+_(?:OPERATOR|TELL)[ \t]*=.*:// (?#: the address of a channel often is all that it takes to write to it)
      | \w+[ \t]*=.*://[^/\s@]*:[^/\s@]+@ )""",
)
"""A line of ``.env`` that nobody else should read: by the name of the variable, or with a password in an address."""

_NO_SETTINGS = {"WIREWATCH_EVAL", "WIREWATCH_NEWSROOM_PORT", "WIREWATCH_SHOTS"}
"""Variables of the benchmarks, the demo newsroom and the tests."""
_SERVICE = re.compile(r"(\w+)_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_\w+)?)")
"""What Kubernetes tells every container of a service, as `wirewatch-serve`."""


def well(what: str) -> Finding:
    """Something that is as it should be."""
    return Finding("well", what)


# -- this machine --------------------------------------------------------------------------------------------------


def programs(settings: Settings) -> Iterator[Finding]:
    """Python, and what the local node and rendered pages need."""
    yield well(f"Python {platform.python_version()}")
    for code, package in settings.models.items():
        if importlib.util.find_spec(package) is None and not Path(package).exists():
            yield Finding("wrong", f"WIREWATCH_MODELS__{code.upper()}={package} is not installed", "pip install it")
    if settings.elasticsearch.url is None:
        from search.node import Node
        from search.node.account import Account
        from search.node.java import find_jdk

        user = pwd.getpwuid(os.geteuid())
        yield well(f"JDK in {find_jdk(Account(user.pw_name, user.pw_uid, user.pw_gid, other=False))}")
        if Node(settings).server:
            yield well(f"The local Elasticsearch is in {Node(settings).server}")
        elif shutil.which("mvn"):
            yield Finding("wrong", "The local Elasticsearch is not put together yet", "make setup")
        else:
            yield Finding(
                "wrong", "Maven, which puts the local Elasticsearch together, is not here", "apt install maven"
            )


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for what is collected."""
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    yield Finding(room(free), f"{size(free)} of disk free at {folder}", "make room, or set WIREWATCH_HOME elsewhere")


def clock(settings: Settings) -> Iterator[Finding]:
    """A clock that does not go backwards: names of batches sort by it."""
    if settings.time_shift:
        yield Finding("look", f"The time is shifted by {settings.time_shift:.0f} s", "unset WIREWATCH_TIME_SHIFT")
    since = settled.since(settled.note(settings.batches))
    latest = batches.finished(settings.batches, "pages", since=since)[-1:]
    if latest and created(latest[0]) > now() + timedelta(minutes=5):
        yield Finding("wrong", f"The clock was set back: {latest[0].name} is of a time to come", "set the clock right")
    else:
        yield well(f"The clock says {now():%Y-%m-%d %H:%M} UTC")


def secrets(settings: Settings) -> Iterator[Finding]:
    """Files with secrets, which nobody else may read."""
    from search.alerts.channels import names
    from search.node import Node

    files = [
        *(settings.home / "airflow", settings.home / "links.key", Node(settings).folder / "password"),
        *(Path("channels.env"), settings.elasticsearch.api_key_file),
    ]
    if (variables := Path(".env")).exists() and _SECRET.search(variables.read_text(errors="replace")):
        files.append(variables)
    with suppress(UserError):  # another check says it
        files += [settings.channels] if names() else []
    open_ones = [file for file in files if file and file.exists() and file.stat().st_mode & 0o077]
    for file in open_ones:
        yield Finding("wrong", f"Other users can read {file}", f"chmod {700 if file.is_dir() else 600} {file}")
    if not open_ones:
        yield well("Files with secrets are readable by this user only")


def variables(_: Settings) -> Iterator[Finding]:
    """Variables that are named like settings and are none: what they were to set has its default."""
    written = DotEnvSettingsSource(Settings, case_sensitive=True).env_vars  # by their names as they are written
    given = dict.fromkeys(os.environ, "the environment") | dict.fromkeys(written, ".env")
    ours = {name: place for name, place in given.items() if name.upper().startswith("WIREWATCH_")}
    unknown = [name for name in ours if not is_setting(name) and name not in _NO_SETTINGS and not _of_a_service(name)]
    for name in sorted(unknown):
        near = get_close_matches(name.upper(), setting_names(), n=1, cutoff=0.8)
        yield Finding(
            "look",
            f"{name} in {ours[name]} is no setting, and does nothing",
            f"write {near[0]}, if you mean that" if near else "remove it",
        )
    if not unknown:
        yield well(f"{how_many(len(ours), 'setting is', 'settings are')} given, and all are known")


def _of_a_service(name: str) -> bool:
    found = _SERVICE.fullmatch(name)
    return found is not None and f"{found[1]}_SERVICE_HOST" in os.environ


# -- what is crawled -----------------------------------------------------------------------------------------------


def catalogue(settings: Settings) -> Iterator[Finding]:
    """The catalogue of sources, and as whom they are visited."""
    sources = load_sources(settings.sources)
    yield well(f"{how_many(len(sources), 'source')} in {settings.sources}")
    real = [source.domain for source in sources if not source.domain.endswith((".localhost", "localhost"))]
    if real and settings.crawl.user_agent == CrawlSettings().user_agent:
        yield Finding(
            "wrong",
            "The sites cannot see who crawls them",
            'set WIREWATCH_CRAWL__USER_AGENT="Wirewatch/0.1 (+https://example.org/bot; you@example.org)"',
        )


def browser(settings: Settings) -> Iterator[Finding]:
    """A browser, if a source needs one."""
    from crawlers.render import check

    check(settings.crawl, load_sources(settings.sources))
    yield well("What the pages of the sources need is here")


def state(settings: Settings) -> Iterator[Finding]:
    """The database of the crawl state."""
    from sqlalchemy.engine import make_url

    from wirewatch.state_tables import LAYOUT, layout

    url = make_url(settings.state)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield well("There is no crawl state yet: the first crawl makes it")
        return
    found = layout(settings.state)
    if found is None or found == LAYOUT:
        yield well(f"The crawl state answers at {url.render_as_string(hide_password=True)}")
    elif found > LAYOUT:
        yield Finding(
            "wrong",
            f"The crawl state is of a newer version of Wirewatch ({found}, this one knows {LAYOUT})",
            "use that version here too, or name another database in WIREWATCH_STATE",
        )
    else:
        yield Finding(
            "look",
            f"The crawl state is of another version of Wirewatch ({found}, not {LAYOUT})",
            "the next crawl makes it anew from the batches, which takes a while",
        )


def kept(settings: Settings) -> Iterator[Finding]:
    """Batches that are whole: all have their files, and those that wait for a stage or are of the last days, which
    state and stories may not have taken in yet, can be read to the end.
    """
    root, number, damaged = settings.batches, 0, set()
    recent = f"{now() - LATELY:%Y%m%d}"
    for at, stage in enumerate(batches.STAGES):
        waiting = set(batches.pending(root, batches.STAGES[at + 1])) if stage != batches.STAGES[-1] else set()
        for batch in batches.finished(root, stage):
            number += 1
            try:
                _read(batch, whole=batch in waiting or batch.name >= recent)
            except (UserError, OSError, ValueError) as error:
                damaged.add(batch.url)
                why = str(error) if isinstance(error, UserError) else f"The batch {batch.url} is damaged: {error}"
                yield Finding("wrong", why, "" if isinstance(error, UserError) else "put it back from a copy")
    if not damaged:
        yield well(f"{how_many(number, 'batch is', 'batches are')} whole")


def _read(batch: Batch, *, whole: bool) -> None:
    for name in batch.manifest().files:
        batch.open(name).close()
    if whole:
        deque(batch.find(Record, ()), maxlen=0)  # to the last line


def refused(settings: Settings) -> Iterator[Finding]:
    """Articles that the index refused."""
    from search.index import rejected

    number = sum(batch.manifest().records for batch in rejected(settings.batches))
    if number:
        yield Finding(
            "look",
            f"The index refused {how_many(number, 'article')}",
            "wirewatch index retry says why, and tries again",
        )


# -- what searches and tells ---------------------------------------------------------------------------------------


def elasticsearch(settings: Settings) -> Iterator[Finding]:
    """The local node or the cluster, its indices, and our rights in it."""
    from search.client import connect
    from search.indices import SCHEMA, standing
    from search.security import lacking
    from search.status import cluster

    client = connect(settings, patience=SECONDS)
    found = cluster(client)
    if found.health in ("red", "yellow"):
        missing = "parts of the index" if found.health == "red" else "copies of parts of the index"
        verdict: Verdict = "wrong" if found.health == "red" else "look"
        yield Finding(
            verdict, f"Elasticsearch is {found.health}: {missing} are missing", "docs/look-after-the-index.md"
        )
    else:
        yield well(f"Elasticsearch {found.version} answers, with {how_many(found.articles, 'article')}")
    if found.closed:
        what = f"A disk of Elasticsearch was full, and {', '.join(found.closed)} take nothing more"
        yield Finding("wrong", what, "make room there: it opens them again by itself")
    if found.disk and room(found.disk[0]) != "well":
        yield Finding(room(found.disk[0]), f"Elasticsearch has {size(found.disk[0])} of disk left", "make room there")
    if old := sorted(name for name, version in standing(client).items() if version < SCHEMA):
        yield Finding("look", f"{', '.join(old)} are of an older schema", "wirewatch index migrate")
    if lacks := lacking("pipeline", client):
        what = f"Elasticsearch does not allow the pipeline: {', '.join(lacks)}"
        yield Finding("wrong", what, "wirewatch security setup, as an administrator (docs/security.md)")


def kibana(settings: Settings) -> Iterator[Finding]:
    """Kibana, if one is named: a key is not shown to whatever listens where it would be."""
    from search.alerts.kibana.take_over import is_known
    from search.kibana.setup import answers

    if not is_known():
        yield well("KIBANA_URL names no Kibana, and nothing needs one")
        return

    answers(0)
    yield well(f"Kibana answers at {without_login(settings.kibana_url)}")


def channels(settings: Settings) -> Iterator[Finding]:
    """Where alerts and the operator are told."""
    from search.alerts.channels import Refused, mail, names, ready
    from search.alerts.operator_notices import operator_channels

    operators = operator_channels()
    for name in names():
        ready(name)
    mend = 'set WIREWATCH_OPERATOR=["mail:you@example.org"], or a channel of docs/add-a-channel.md'
    if not operators:
        yield Finding("look", "The operator hears of nothing that goes wrong: WIREWATCH_OPERATOR is empty", mend)
    elif set(operators) == {"stdout"} and (settings.airflow.database or airflow_of(settings, SECONDS)):
        yield Finding("look", "The operator is told by stdout alone, which under Airflow is the log of a task", mend)
    else:
        yield well(f"The operator is told by {', '.join(operators)}")
    yield well(f"{how_many(len(names()), 'channel')} in {settings.channels}")
    if settings.smtp.url:
        try:
            mail.answers(SECONDS)
        except Refused as error:
            yield Finding("wrong", f"Mail cannot be sent: {error}", "check WIREWATCH_SMTP__URL, __USER and __PASSWORD")
        else:
            yield well(f"The mail server at {without_login(settings.smtp.url)} lets us in")


def told(settings: Settings) -> Iterator[Finding]:
    """Alerts, and what they had to tell."""
    from search.alerts.alert import load_alerts
    from search.client import connect
    from search.status import alerts, messages, not_applied

    client = connect(settings, patience=SECONDS)
    number, troubles = alerts(client)
    for trouble in troubles:
        yield Finding("look", trouble, "wirewatch alerts list")
    found = messages(client)
    if found["overdue"]:
        what = f"{how_many(found['overdue'], 'notice is', 'notices are')} due for more than an hour"
        yield Finding("wrong", what, "wirewatch deliver, every few minutes: unpause its DAG, or let cron start it")
    if not troubles and not found["overdue"]:
        yield well(f"{how_many(number, 'alert')}, and nothing that they have to tell is late")
    # The demo has alerts of its own. Who has not said yet who crawls has tried no more than that.
    in_earnest = settings.crawl.user_agent != CrawlSettings().user_agent
    if in_earnest and settings.alerts.exists() and (other := not_applied(client, load_alerts(settings.alerts))):
        what = f"{settings.alerts} differs in {how_many(other, 'alert')} from what was applied"
        yield Finding("look", what, f"wirewatch alerts apply {settings.alerts}")


# -- what runs it --------------------------------------------------------------------------------------------------


def airflow(settings: Settings) -> Iterator[Finding]:
    """Airflow, its parts and its DAGs."""
    api, ours = airflow_of(settings, SECONDS), Airflow(settings)
    if api is None:
        yield Finding(
            "look", "Airflow was never started here: nothing begins by itself, unless cron starts it", "make up"
        )
        return
    if settings.airflow.url is None and not ours.pid():
        yield Finding("wrong", "Airflow is not running: nothing begins by itself", "make up")
        ours.check()
        return
    ill = {name: part for name, part in api.health().items() if not part.is_well}
    for name, part in ill.items():
        yield Finding("wrong", f"Airflow's {name} gave no sign of life since {ago(part.seen)}", "make up")
    if not ill:
        yield well(f"Airflow is healthy at {api.url}")
    for file, why in api.import_errors().items():
        yield Finding(
            "wrong", f"{file} cannot be read as a DAG: {why}", "mend the file: Airflow reads it again by itself"
        )
    dags = api.dags()
    asleep = [dag.name for dag in dags if dag.paused]
    if dags and len(asleep) == len(dags):
        yield Finding(
            "look", "All DAGs are paused: nothing begins by itself", "unpause those that you want, in Airflow"
        )
    else:
        yield well(f"{len(dags) - len(asleep)} of {len(dags)} DAGs are not paused")
    for dag in dags:
        if dag.state == "failed":
            yield Finding("look", f"The last run of {dag.name} failed", f"{api.url}/dags/{dag.name} says why")
    if lacks := sorted(ours.pools().keys() - api.pools().keys()):
        yield Finding("wrong", f"Airflow lacks the pools {', '.join(lacks)}: tasks wait for ever", "make up")


CHECKS: tuple[Check, ...] = (
    *(programs, disk, clock, secrets, variables),
    *(catalogue, browser, state, kept, refused),
    *(elasticsearch, kibana, channels, told),
    airflow,
)
"""In the order in which they are shown."""


def examine(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """All that is found, each with the name of its check."""
    said = set()
    for check in CHECKS:
        try:
            for finding in check(settings):
                yield check.__name__, finding
        except UserError as error:
            if str(error) not in said:  # what answers to nobody is asked by several
                yield check.__name__, Finding("wrong", str(error))
            said.add(str(error))
