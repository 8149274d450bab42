"""
The closed set of things by which views can be broken down.

The order is part of the batches that are sent to Redis: new ones go to the end.
"""

from enum import StrEnum

#: The value of a view that does not say.
UNKNOWN = "(unknown)"

#: The value of a view for which the dimension has nothing to say, such as no campaign.
NONE = "(none)"

#: The value that collects what came after a cap was reached.
OTHER = "(other)"

#: What a correction has taken away without knowing of which value, or page: a number below zero.
REMOVED = "(removed)"


class Dimension(StrEnum):
    """
    One property of a view, by the name that the API, SQL and settings use.
    """

    SOURCE = "source"
    CHANNEL = "channel"
    REFERRER_PAGE = "referrer_page"
    CAMPAIGN = "campaign"
    CAMPAIGN_MEDIUM = "campaign_medium"
    CAMPAIGN_TERM = "campaign_term"
    CAMPAIGN_CONTENT = "campaign_content"
    COUNTRY = "country"
    LANGUAGE = "language"
    BROWSER = "browser"
    SYSTEM = "system"
    DEVICE = "device"
    SCREEN = "screen"
    EVENT = "event"
    SECTION = "section"
    AUTHOR = "author"
    TAG = "tag"


#: Those whose values come from outside without a bound, so that each needs a cap.
OPEN = frozenset(Dimension) - {
    Dimension.CHANNEL,
    Dimension.COUNTRY,
    Dimension.DEVICE,
    Dimension.SCREEN,
}

#: Those that a view coming from its own site takes over from its visit.
STICKY = (Dimension.SOURCE, Dimension.CHANNEL)

#: Those that are kept for each page when the settings do not say otherwise.
PAGE_DEFAULT = (
    Dimension.SOURCE,
    Dimension.REFERRER_PAGE,
    Dimension.CAMPAIGN,
    Dimension.COUNTRY,
    Dimension.LANGUAGE,
    Dimension.BROWSER,
    Dimension.SYSTEM,
    Dimension.DEVICE,
)
