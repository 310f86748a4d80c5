"""``wirewatch alerts``: what is asked of everything new, and who is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch.cli import alert_words as words
from wirewatch.cli.alert_options import Given, alert_of, with_fields
from wirewatch.cli.console import console, say
from wirewatch.cli.options import length, moment
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.words import how_many

if TYPE_CHECKING:
    from search.alerts.alert import Alert
    from search.alerts.apply import Changes
    from search.alerts.trial import Trial
    from search.client import Client

Name = Annotated[str, typer.Argument(help="The alert's name.", metavar="NAME", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@with_fields
def add(name: Name, given: Given) -> None:
    """Make an alert: a question (KQL, a sentence, filters), and where to tell. `alerts test` tries it before."""
    from enrichment.query import understand
    from search.alerts import apply

    alert = alert_of(name, given)
    apply.add(_client(), alert, "command", understand)
    say(f"{name} is asked of everything that comes from now on.")
    _say_what_hinders(alert)


@with_fields
def edit(name: Name, given: Given) -> None:
    """Change the fields that are given; an empty value takes one away (--quiet '')."""
    from enrichment.query import understand
    from search.alerts import apply, store

    client = _client()
    kept = store.find(client, name)
    apply.refuse_elsewhere(kept)
    alert = alert_of(name, given, kept.alert)
    if fields := apply.differences(kept, alert, kept.origin):
        apply.edit(client, kept, alert, understand)
        for field in fields:
            say(f"{field.field}: {field.before or '–'} → {field.after or '–'}")
        _say_what_hinders(alert)
    else:
        say("That is how it is already.")


def list_alerts() -> None:
    """List the alerts, with what is wrong with them."""
    from search.alerts import store, watch

    client = _client()
    alerts = list(store.everything(client))
    wrong = watch.wrong(client, alerts)
    table = Table("alert", "asks", "tells", "state", show_lines=True)
    for kept in alerts:
        asks, told, state = "–", "–", ["off"]
        if isinstance(kept, store.Kept):
            asks, state = words.question(kept.alert), words.state(kept)
            told = f"{', '.join(kept.alert.tell) or 'nobody'}, {words.when(kept.alert)}"
        table.add_row(*map(escape, (kept.name, asks, told, "\n".join([*state, *wrong[kept.name]]))))
    if table.row_count:
        console.print(table)
    else:
        say("There are no alerts: `wirewatch alerts add` makes one, `alerts apply` those of a file.")


def show(name: Name) -> None:
    """Show an alert as it would be written in a file, and what is known of it."""
    from search.alerts import links, store, watch
    from search.alerts.alert import as_yaml

    client = _client()
    kept = store.find(client, name)
    typer.echo(as_yaml(kept.alert))
    table = Table(show_header=False)
    table.add_row("looked after", "Kibana" if kept.origin == "kibana" else f"by {kept.origin}")
    table.add_row("made", f"{kept.created:%Y-%m-%d %H:%M} UTC")
    table.add_row("changed", f"{kept.changed:%Y-%m-%d %H:%M} UTC")
    table.add_row("state", escape("\n".join(words.state(kept))))
    for sign in watch.wrong(client, [kept])[name]:
        table.add_row("wrong", escape(sign))
    if kept.unsubscribed:
        table.add_row("unsubscribed", escape(", ".join(kept.unsubscribed)))
    console.print(table)
    typer.echo(f"Feed, for whoever has its address: {links.address('feed', name)}")


@with_fields
def test(
    name: Annotated[str, typer.Argument(help="An alert's name; with options, what of it is to be otherwise.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="Try all alerts of this file instead; with a name that one of it.")
    ] = None,
    *,
    given: Given,
) -> None:
    """Try an alert on the last 30 days: how many notices a day it would have sent, with examples.

    Ends with status 1 where one would have told nothing, or more than anybody reads, or cannot be asked.
    """
    from enrichment.query import understand
    from search.alerts import apply, trial
    from search.query import Unreadable

    client = _client()
    doubtful = False
    for alert in _tried(client, name, file, given):
        say(f"{alert.name}: {words.question(alert)}")
        try:
            tried = trial.try_out(client, apply.draft(alert, "command", understand), now())
        except Unreadable as error:
            say(f"It cannot be asked: {error}")
            doubtful = True
            continue
        _show_trial(tried)
        doubtful = doubtful or bool(tried.warning)
    if doubtful:
        raise typer.Exit(1)


def _tried(client: Client, name: str, file: Path | None, given: Given) -> list[Alert]:
    """The alerts to be tried: of a file, one that is kept, with changes or not, or one that is only described."""
    from search.alerts import store
    from search.alerts.alert import load_alerts

    if file:
        found = [alert for alert in load_alerts(file) if name in ("", alert.name)]
        if not found:
            raise UserError(f"{file} has no alert named {name}." if name else f"{file} has no alerts.")
        return [alert_of(alert.name, given, alert) for alert in found]
    if name and not given:
        return [store.find(client, name).alert]
    there = [kept.alert for kept in store.all_alerts(client) if kept.alert.name == name] if name else []
    return [alert_of(name or "try", given, *there)]


def _show_trial(tried: Trial) -> None:
    notices, days = how_many(tried.total, "notice"), how_many(len(tried.notices), "day")
    articles = how_many(tried.articles, "article matches", "articles match")
    most = max(tried.notices.values())
    say(f"It would have sent {notices} in {days}, {tried.a_day:.1f} a day and {most} on the busiest; {articles}.")
    if tried.examples:
        table = Table("seen lately", "outlet", "language")
        for one in tried.examples:
            table.add_row(escape(f"{one.title}\n{one.url}"), escape(one.source.name), one.language or "")
        console.print(table)
    if tried.warning:
        say(tried.warning)


def history(
    name: Name,
    size: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many notices, the newest first.")] = 20,
) -> None:
    """Show what an alert has found, and what became of it: which channel got it, when, and why another did not."""
    from search.alerts import store, watch

    client = _client()
    table = Table("found (UTC)", "notice", "state", "channels", show_lines=True)
    told = watch.history(client, name, size)
    if not told:
        store.find(client, name)  # says where there is none
    for notice, deliveries in told:
        many = f"{notice.size} articles, {how_many(len(notice.sources), 'outlet')}" if notice.size > 1 else ""
        lines = [notice.title, *([notice.url] if notice.url else []), *([many] if many else [])]
        state = notice.state if notice.due is None else f"{notice.state} {notice.due:%d %b %H:%M}"
        sent = "\n".join(words.sent(delivery) for delivery in deliveries)
        kind = [] if notice.kind == "new" else [notice.kind]
        cells = (f"{notice.created:%Y-%m-%d %H:%M}", "\n".join([*kind, *lines]), state, sent)
        table.add_row(*map(escape, cells))
    if table.row_count:
        console.print(table)
    else:
        say(f"There is no notice of {name} yet.")


def mute(
    name: Name,
    lasting: Annotated[str, typer.Option("--for", help="How long: 90m, 12h, 3d, 2w.", metavar="LENGTH")] = "",
    until: Annotated[str, typer.Option(help="Until when, in the alert's zone: 2026-12-01 or 2026-12-01T08:00.")] = "",
) -> None:
    """Send nothing until then: what it finds meanwhile is kept and shown, and never sent."""
    from search.alerts import store

    client = _client()
    kept = store.find(client, name)
    if bool(lasting) == bool(until):
        raise UserError("Say how long, with --for 3d, or --until 2026-12-01.")
    if until:
        end = moment("--until", until, ZoneInfo(kept.alert.zone))
    elif time := length(lasting):
        end = now() + time
    else:
        raise UserError(f"--for {lasting} is no length of time: write 90m, 12h, 3d or 2w.")
    if end <= now():
        raise UserError(f"{until or lasting} is over already.")
    store.change(client, kept, muted=end)
    say(f"{name} is muted until {end:%Y-%m-%d %H:%M} UTC; `wirewatch alerts resume` ends that.")


def pause(name: Name) -> None:
    """Do not ask it until it is resumed; what comes meanwhile is never told."""
    from search.alerts import store

    client = _client()
    store.change(client, store.find(client, name), paused=True)
    say(f"{name} is not asked any more; `wirewatch alerts resume` goes on.")


def resume(name: Name) -> None:
    """Ask it again, and send again what it finds."""
    from search.alerts import store

    client = _client()
    store.change(client, store.find(client, name), paused=False, muted=None)
    say(f"{name} is asked and told.")


def delete(name: Name, yes: Yes = False) -> None:
    """Forget an alert. Its notices stay, and those that wait are sent to nobody."""
    from search.alerts import apply, store

    client = _client()
    kept = store.look_up(client, name)
    apply.refuse_elsewhere(kept)
    if not yes:
        typer.confirm(f"Forget the alert {name}?", abort=True)
    store.delete(client, kept)
    say(f"{name} is forgotten.")


def apply_file(
    file: Annotated[Path | None, typer.Argument(help="The file of alerts. Without one, that of the settings.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Make the alerts those of a file: shows what is added, changed and removed, and asks.

    Only alerts that came from a file are removed. Those made otherwise stay.
    """
    from enrichment.query import understand
    from search.alerts.alert import load_alerts
    from search.alerts.apply import apply, diff

    alerts, client = load_alerts(file or get_settings().alerts), _client()
    changes = diff(client, alerts)
    _show_changes(changes)
    if not changes or dry_run:
        return
    if not yes:
        typer.confirm("Do that?", abort=True)
    apply(client, alerts, understand=understand)
    say("Done.")
    for alert in (*changes.added, *(change.alert for change in changes.changed)):
        _say_what_hinders(alert)


def sync() -> None:
    """Take over from Kibana the saved searches with the tag `alert`, as every run does: run it as often as you like."""
    from search.alerts import store
    from search.alerts.kibana.take_over import is_known
    from wirewatch.cli import stages

    if not is_known():
        raise UserError("No setting says where Kibana is: put KIBANA_URL=https://… into the environment or .env.")
    counts = stages.sync()
    for what in ("added", "changed", "renamed", "removed"):
        if counts[what]:
            say(f"{what}: {counts[what]}")
    if not counts:
        say("The alerts from Kibana are as they were.")
    for kept in store.all_alerts(_client()):
        for warning in kept.warnings:
            say(f"{kept.alert.name}: {warning}")


def _client() -> Client:
    from search.alerts.store import ready
    from search.client import connect

    return ready(connect())


def _say_what_hinders(alert: Alert) -> None:
    """Say where nobody would be told."""
    from search.alerts import channels

    if not alert.tell:
        say(f"{alert.name} tells nobody: `wirewatch alerts history` shows what it finds.")
    for channel in alert.tell:
        try:
            channels.ready(channel)
        except UserError as error:
            say(f"{alert.name} cannot tell {channel} yet: {error}")


def _show_changes(changes: Changes) -> None:
    for alert in changes.added:
        console.print(
            f"[green]+ {escape(alert.name)}[/]: {escape(words.question(alert))}", highlight=False, soft_wrap=True
        )
    for change in changes.changed:
        console.print(f"[yellow]~ {escape(change.alert.name)}[/]", highlight=False)
        for field in change.fields:
            say(f"    {field.field}: {field.before or '–'} → {field.after or '–'}")
    for kept in changes.removed:
        console.print(f"[red]- {escape(kept.name)}[/]", highlight=False)
    if not changes:
        say("The alerts are as the file says.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Alerts: what is asked of everything new, and who is told.", no_args_is_help=True)
    group.command("list")(list_alerts)
    for command in (add, edit, test, show, history, mute, pause, resume, delete):
        group.command()(command)
    group.command("apply")(apply_file)
    group.command()(sync)
    app.add_typer(group, name="alerts")
