"""
What things are called on pages: dimensions, their values, periods, reasons.

A value comes from strangers and is shown as it is, but for those that Luot itself makes.
"""

from service.dimensions import Dimension
from service.languages import Tongue, marked
from service.reporting.answers import PageDimension
from service.reporting.periods import Comparison, PeriodName
from service.reporting.series import Unit
from service.web.asked import NO_COMPARISON, PAGES, Metric

#: What has a list of its own.
TITLES = {
    PAGES: marked("Most read"),
    PageDimension.ENTRY_PAGE: marked("Entry pages"),
    PageDimension.EXIT_PAGE: marked("Exit pages"),
    Dimension.SOURCE: marked("Sources"),
    Dimension.CHANNEL: marked("Channels"),
    Dimension.REFERRER_PAGE: marked("Referring pages"),
    Dimension.CAMPAIGN: marked("Campaigns"),
    Dimension.CAMPAIGN_MEDIUM: marked("Medium"),
    Dimension.CAMPAIGN_TERM: marked("Term"),
    Dimension.CAMPAIGN_CONTENT: marked("Variant"),
    Dimension.COUNTRY: marked("Countries"),
    Dimension.LANGUAGE: marked("Languages"),
    Dimension.DEVICE: marked("Devices"),
    Dimension.BROWSER: marked("Browsers"),
    Dimension.SYSTEM: marked("Systems"),
    Dimension.SCREEN: marked("Screens"),
    Dimension.EVENT: marked("Events"),
    Dimension.SECTION: marked("Sections"),
    Dimension.AUTHOR: marked("Authors"),
    Dimension.TAG: marked("Tags"),
}

#: The cards, as a reader who hears them is told.
CARD_TITLES = {
    "reading": marked("Pages"),
    "sources": marked("Where readers come from"),
    "campaigns": marked("Campaigns"),
    "places": marked("Places"),
    "devices": marked("Devices"),
    "content": marked("Content"),
    "events": marked("Events"),
}

#: The periods in the order of the menu.
PERIODS = {
    PeriodName.TODAY: marked("Today"),
    PeriodName.YESTERDAY: marked("Yesterday"),
    PeriodName.THIS_WEEK: marked("This week"),
    PeriodName.LAST_7_DAYS: marked("Last 7 days"),
    PeriodName.LAST_28_DAYS: marked("Last 28 days"),
    PeriodName.LAST_30_DAYS: marked("Last 30 days"),
    PeriodName.LAST_90_DAYS: marked("Last 90 days"),
    PeriodName.THIS_MONTH: marked("This month"),
    PeriodName.THIS_YEAR: marked("This year"),
    PeriodName.LAST_365_DAYS: marked("Last 365 days"),
    PeriodName.ALL: marked("All time"),
}

COMPARISONS = {
    Comparison.PREVIOUS_PERIOD: marked("the period before"),
    Comparison.PREVIOUS_YEAR: marked("a year before"),
    NO_COMPARISON: marked("nothing"),
}

METRICS = {
    Metric.VIEWS: marked("Views"),
    Metric.VISITS: marked("Visits"),
    Metric.VISITORS: marked("Visitors"),
}

UNITS = {
    Unit.HOUR: marked("by hour"),
    Unit.DAY: marked("by day"),
    Unit.WEEK: marked("by week"),
    Unit.MONTH: marked("by month"),
}

#: Why a request counts in none of the numbers, in a word and in a sentence.
REASONS = {
    "bot": (marked("Robots"), marked("They say so, or behave so.")),
    "optout": (
        marked("Opted out"),
        marked("Readers who send GPC or DNT. Nothing of them is kept."),
    ),
    "prefetch": (marked("Loaded ahead"), marked("A browser fetched the page; nobody saw it.")),
    "excluded": (marked("Excluded addresses"), marked("Addresses that the settings exclude.")),
    "flood": (marked("Floods"), marked("More hits a minute from one visitor than anybody reads.")),
    "double_click": (marked("Double clicks"), marked("The same page again within seconds.")),
    "late": (marked("Late hits"), marked("Counted as views; their day was closed for visits.")),
}

#: Values that Luot itself makes.
_VALUES = {
    "(unknown)": marked("unknown"),
    "(none)": marked("none"),
    "(other)": marked("all others"),
    "(direct)": marked("Direct"),
    "(internal)": marked("This site itself"),
    "(invalid)": marked("unreadable"),
    "(removed)": marked("removed"),
}

_FIXED = {
    Dimension.CHANNEL: {
        "search": marked("Search engines"),
        "social": marked("Social networks"),
        "ai": marked("AI assistants"),
        "mail": marked("Mail"),
        "campaign": marked("Campaigns"),
        "direct": marked("Direct"),
        "internal": marked("This site itself"),
        "referral": marked("Other sites"),
        "unknown": marked("unknown"),
    },
    Dimension.DEVICE: {
        "desktop": marked("Desktop"),
        "mobile": marked("Mobile"),
        "tablet": marked("Tablet"),
    },
}


def value_label(what: str, value: str, tongue: Tongue) -> str:
    """
    What a value of a dimension is called.
    """
    if value in _VALUES:
        return tongue.say(_VALUES[value])
    if what == Dimension.COUNTRY:
        return tongue.country(value)
    if what == Dimension.LANGUAGE:
        return tongue.language(value)
    fixed = _FIXED.get(Dimension(what), {}) if what in set(Dimension) else {}
    return tongue.say(fixed[value]) if value in fixed else value
