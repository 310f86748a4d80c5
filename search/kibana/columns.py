"""What a panel groups by and counts: each column says itself to Elasticsearch and to Lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class Terms:
    """The most frequent values of a field."""

    field: str
    label: str
    size: int = 10
    only: str = ""
    """A regular expression that a value must match."""

    def aggregation(self, metric: str) -> dict[str, Any]:
        """What Elasticsearch is asked; ``metric`` is the aggregation that orders the values."""
        terms: dict[str, Any] = {"field": self.field, "size": self.size, "order": {metric: "desc"}}
        return {"terms": terms | ({"include": self.only} if self.only else {})}

    def lens(self, metric: str) -> dict[str, Any]:
        """The column in Lens; ``metric`` is the column that orders the values."""
        return {
            "label": self.label,
            "customLabel": True,
            "dataType": "string",
            "operationType": "terms",
            "scale": "ordinal",
            "sourceField": self.field,
            "isBucketed": True,
            "params": {
                "size": self.size,
                "orderBy": {"type": "column", "columnId": metric},
                "orderDirection": "desc",
                "otherBucket": False,
                "missingBucket": False,
                "parentFormat": {"id": "terms"},
                "include": [self.only] if self.only else [],
                "exclude": [],
                "includeIsRegex": bool(self.only),
                "excludeIsRegex": False,
            },
        }


@dataclass(frozen=True)
class Times:
    """Time, in steps that suit the range one looks at."""

    field: str
    label: str = "Time"

    def aggregation(self, metric: str) -> dict[str, Any]:
        """What Elasticsearch is asked."""
        return {"auto_date_histogram": {"field": self.field, "buckets": 50}}

    def lens(self, metric: str) -> dict[str, Any]:
        """The column in Lens."""
        return {
            "label": self.label,
            "customLabel": True,
            "dataType": "date",
            "operationType": "date_histogram",
            "scale": "interval",
            "sourceField": self.field,
            "isBucketed": True,
            "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
        }


@dataclass(frozen=True)
class Metric:
    """A number, of those documents that match ``kql``."""

    operation: Literal["count", "unique_count", "sum", "min", "max"] = "count"
    field: str = ""
    label: str = "Articles"
    kql: str = ""
    date: bool = False

    AGGREGATIONS: ClassVar = {"count": "value_count", "unique_count": "cardinality"}

    @property
    def counts_all(self) -> bool:
        """Whether it is the number of documents."""
        return self.operation == "count" and not self.kql

    def aggregation(self, metric: str = "") -> dict[str, Any]:
        """What Elasticsearch is asked."""
        name = self.AGGREGATIONS.get(self.operation, self.operation)
        number = {name: {"field": self.field or "_index"}}
        return {"filter": {"kql": {"query": self.kql}}, "aggs": {"of": number}} if self.kql else number

    def lens(self, metric: str = "") -> dict[str, Any]:
        """The column in Lens."""
        column: dict[str, Any] = {
            "label": self.label,
            "customLabel": True,
            "dataType": "date" if self.date else "number",
            "operationType": self.operation,
            "scale": "ratio",
            "sourceField": self.field or "___records___",
            "isBucketed": False,
            "params": {"emptyAsNull": False},
        }
        return column | ({"filter": {"query": self.kql, "language": "kuery"}} if self.kql else {})


Group = Terms | Times
Column = Group | Metric
