"""NetSuite by SOAP: searches for records that queries do not give, and the list of what was deleted.

Importing this brings zeep and lxml, so only a source with a kind that is read by SOAP does it.
"""

from __future__ import annotations

from connectors.contract import Services
from connectors.netsuite.by_soap import BySoap, Deleted
from connectors.netsuite.pressure import Pressure
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.soap.reading import Reading
from connectors.netsuite.soap.searches import Searches
from connectors.netsuite.soap.wire import Port


def by_soap(name: str, settings: NetSuiteSettings, services: Services, pressure: Pressure, queries: Deleted) -> BySoap:
    """Make what reads the kinds of one source by SOAP. Nothing is read or sent before its first call.

    `pressure` is the source's own, for all channels; `queries` learns by SuiteQL what was deleted. Raises Misconfigured
    without `soap` in the settings.
    """
    return Reading(name, settings, services, Searches(Port(settings, services, pressure)), queries)
