"""How items are written into the test data that ``scrapy savefixture`` saves, and compared with it."""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter


class RecordAdapter(ItemAdapter):
    """Records as JSON values: web-poet would not know how to write a time."""

    def asdict(self) -> dict[str, Any]:
        """The record's fields."""
        fields: dict[str, Any] = self.item.model_dump(mode="json")
        return fields
