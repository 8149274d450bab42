"""
The audit trail: everything that changes numbers other than by counting says so here.
"""

import json
from typing import Any

from sqlalchemy import Connection, insert

from service.archive import administration


def audit(
    connection: Connection, at_ms: int, actor: str, site: str, action: str, detail: Any
) -> None:
    """
    One more entry stands in the trail when the transaction is committed.
    """
    row = {"at_ms": at_ms, "actor": actor, "site": site, "action": action}
    connection.execute(insert(administration.audit), {**row, "detail": json.dumps(detail)})
