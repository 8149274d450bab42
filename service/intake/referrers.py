"""
The table of places that readers come from: what each is called, and what kind of place it is.

A row is a name and every word by which the place is known: hosts (with all hosts below them),
``app:`` and the id of an Android app, and words without a dot that campaigns use for it. The
longest host wins, so that ``mail.google.com`` is mail although ``google.com`` is search.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """
    The kind of place a view came from.
    """

    SEARCH = "search"
    SOCIAL = "social"
    AI = "ai"
    MAIL = "mail"
    CAMPAIGN = "campaign"
    DIRECT = "direct"
    INTERNAL = "internal"
    REFERRAL = "referral"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """
    A place in the table.
    """

    name: str
    channel: Channel


#: What stands behind ``google.`` where that is Google's search. A list, because a pattern would
#: also take hosts that others hold, such as a name under a private registry's ``com.de``.
_GOOGLE = (
    "com cat ad ae al am as at az ba be bf bg bi bj bs bt by ca cd cf cg ch ci cl cm cn cv cz "
    "de dj dk dm dz ee es fi fm fr ga ge gg gl gm gr gy hn hr ht hu ie im iq is it je jo kg ki "
    "kz la li lk lt lu lv md me mg mk ml mn mu mv mw ne nl no nr nu pl pn ps pt ro rs ru rw sc "
    "se sh si sk sm sn so sr st td tg tl tm tn to tt vu ws com.af com.ag com.ar com.au com.bd "
    "com.bh com.bn com.bo com.br com.by com.bz com.co com.cu com.cy com.do com.ec com.eg com.et "
    "com.fj com.gh com.gi com.gt com.hk com.jm com.kh com.kw com.lb com.ly com.mm com.mt com.mx "
    "com.my com.na com.ng com.ni com.np com.om com.pa com.pe com.pg com.ph com.pk com.pr com.py "
    "com.qa com.sa com.sb com.sg com.sl com.sv com.tj com.tr com.tw com.ua com.uy com.vc com.vn "
    "co.ao co.bw co.ck co.cr co.id co.il co.in co.jp co.ke co.kr co.ls co.ma co.mz co.nz co.th "
    "co.tz co.ug co.uk co.uz co.ve co.vi co.za co.zm co.zw"
)

_SEARCH = {
    "360 Search": "so.com",
    "AOL": "search.aol.com aol.com",
    "Ask": "ask.com",
    "Baidu": "baidu.com app:com.baidu.searchbox",
    "Bing": "bing.com app:com.microsoft.bing",
    "Brave": "search.brave.com",
    "Cốc Cốc": "coccoc.com app:com.coccoc.trinhduyet",
    "Daum": "daum.net",
    "DuckDuckGo": "duckduckgo.com app:com.duckduckgo.mobile.android",
    "Ecosia": "ecosia.org",
    "Google": "ampproject.org googleusercontent.com app:com.google.android.googlequicksearchbox"
    " app:com.google.android.apps.searchlite",
    "Google News": "news.google.com news.url.google.com app:com.google.android.apps.magazines",
    "Google Scholar": "scholar.google.com",
    "Kagi": "kagi.com",
    "Mail.ru Search": "go.mail.ru",
    "MetaGer": "metager.org metager.de",
    "Mojeek": "mojeek.com",
    "Naver": "naver.com app:com.nhn.android.search",
    "Petal Search": "petalsearch.com",
    "Presearch": "presearch.com presearch.org",
    "Qwant": "qwant.com",
    "Rambler": "rambler.ru",
    "Seznam": "seznam.cz",
    "Shenma": "sm.cn",
    "Sogou": "sogou.com",
    "Startpage": "startpage.com",
    "Swisscows": "swisscows.com",
    "Yahoo": "yahoo.com yahoo.co.jp",
    "Yandex": "yandex.ru yandex.com yandex.by yandex.kz yandex.uz yandex.com.tr ya.ru",
}

_SOCIAL = {
    "Bluesky": "bsky.app bsky.social app:xyz.blueskyweb.app",
    "dev.to": "dev.to",
    "Discord": "discord.com discordapp.com discord.gg app:com.discord",
    "Douyin": "douyin.com",
    "Dzen": "dzen.ru zen.yandex.ru",
    "Facebook": "facebook.com facebook.net fb.com fb.me fb.watch"
    " app:com.facebook.katana app:com.facebook.lite",
    "Gapo": "gapo.vn",
    "Hacker News": "news.ycombinator.com app:io.github.hidroh.materialistic",
    "Instagram": "instagram.com app:com.instagram.android",
    "KakaoTalk": "kakao.com app:com.kakao.talk",
    "LINE": "line.me app:jp.naver.line.android",
    "LinkedIn": "linkedin.com lnkd.in app:com.linkedin.android",
    "lobste.rs": "lobste.rs",
    "Lotus": "lotus.vn",
    "Mastodon": "mastodon.social mastodon.online mastodon.world mstdn.social mstdn.jp mas.to"
    " fosstodon.org hachyderm.io infosec.exchange joinmastodon.org app:org.joinmastodon.android",
    "Messenger": "messenger.com m.me app:com.facebook.orca app:com.facebook.mlite",
    "Odnoklassniki": "ok.ru",
    "Otofun": "otofun.net",
    "Pinterest": "pinterest.com pinterest.co.uk pinterest.de pinterest.fr pinterest.jp pinterest.ca"
    " pinterest.es pinterest.it pinterest.com.au pin.it app:com.pinterest",
    "Quora": "quora.com app:com.quora.android",
    "Reddit": "reddit.com redd.it app:com.reddit.frontpage",
    "Signal": "signal.org app:org.thoughtcrime.securesms",
    "Slack": "slack.com app:com.slack",
    "Snapchat": "snapchat.com app:com.snapchat.android",
    "Spiderum": "spiderum.com",
    "Teams": "teams.microsoft.com teams.live.com teams.cdn.office.net app:com.microsoft.teams",
    "Telegram": "t.me telegram.org telegram.me app:org.telegram.messenger"
    " app:org.telegram.messenger.web app:org.telegram.plus",
    "Threads": "threads.net threads.com app:com.instagram.barcelona",
    "TikTok": "tiktok.com app:com.zhiliaoapp.musically app:com.ss.android.ugc.trill",
    "Tinh tế": "tinhte.vn",
    "Tumblr": "tumblr.com app:com.tumblr",
    "Viber": "viber.com app:com.viber.voip",
    "VK": "vk.com vk.ru app:com.vkontakte.android",
    "Voz": "voz.vn",
    "Webtretho": "webtretho.com",
    "WeChat": "wechat.com weixin.qq.com wx.qq.com app:com.tencent.mm",
    "Weibo": "weibo.com weibo.cn app:com.sina.weibo",
    "WhatsApp": "whatsapp.com wa.me l.wl.co app:com.whatsapp app:com.whatsapp.w4b",
    "X": "x.com twitter.com t.co app:com.twitter.android",
    "Xiaohongshu": "xiaohongshu.com xhslink.com app:com.xingin.xhs",
    "YouTube": "youtube.com youtu.be app:com.google.android.youtube",
    "Zalo": "zalo.me zaloapp.com zalo.vn app:com.zing.zalo",
}

_AI = {
    "ChatGPT": "chatgpt.com chat.openai.com app:com.openai.chatgpt",
    "Claude": "claude.ai app:com.anthropic.claude",
    "Copilot": "copilot.microsoft.com copilot.cloud.microsoft m365.cloud.microsoft"
    " edgeservices.bing.com app:com.microsoft.copilot",
    "DeepSeek": "deepseek.com app:com.deepseek.chat",
    "Doubao": "doubao.com app:com.larus.nova",
    "Duck.ai": "duck.ai",
    "Ernie": "yiyan.baidu.com",
    "Felo": "felo.ai",
    "Gemini": "gemini.google.com bard.google.com app:com.google.android.apps.bard",
    "Genspark": "genspark.ai",
    "Google AI Studio": "aistudio.google.com",
    "Grok": "grok.com x.ai app:ai.x.grok",
    "iAsk": "iask.ai",
    "Kimi": "kimi.com kimi.ai kimi.moonshot.cn app:com.moonshot.kimichat",
    "Manus": "manus.im",
    "Meta AI": "meta.ai",
    "Mistral": "mistral.ai",
    "NotebookLM": "notebooklm.google.com",
    "Perplexity": "perplexity.ai app:ai.perplexity.app.android",
    "Phind": "phind.com",
    "Pi": "pi.ai",
    "Poe": "poe.com app:com.poe.android",
    "Qwen": "qwen.ai tongyi.com tongyi.aliyun.com qianwen.com app:ai.qwenlm.chat.android",
    "You.com": "you.com",
    "Yuanbao": "yuanbao.tencent.com",
    "Z.ai": "z.ai",
}

_MAIL = {
    "Fastmail": "fastmail.com app:com.fastmail.app",
    "Gmail": "mail.google.com app:com.google.android.gm",
    "GMX": "gmx.net gmx.com gmx.de",
    "iCloud Mail": "icloud.com",
    "Mail.ru": "mail.ru app:ru.mail.mailapp",
    "Naver Mail": "mail.naver.com",
    "NetEase Mail": "mail.163.com mail.126.com",
    "Outlook": "outlook.live.com outlook.office.com outlook.office365.com outlook.com"
    " outlook.cloud.microsoft app:com.microsoft.office.outlook",
    "Proton": "proton.me protonmail.com app:ch.protonmail.android",
    "QQ Mail": "mail.qq.com",
    "Tuta": "tuta.com tutanota.com",
    "Web.de": "web.de",
    "Yahoo Mail": "mail.yahoo.com mail.yahoo.co.jp app:com.yahoo.mobile.client.android.mail",
    "Yandex Mail": "mail.yandex.ru mail.yandex.com app:ru.yandex.mail",
    "Zoho": "zoho.com zoho.eu zoho.in app:com.zoho.mail",
}

_REFERRAL = {
    "Báo Mới": "baomoi.com app:com.epi",
    "Feedly": "feedly.com app:com.devhd.feedly",
    "Flipboard": "flipboard.com flip.it app:flipboard.app",
    "GitHub": "github.com",
    "Google Accounts": "accounts.google.com",
    "Google Classroom": "classroom.google.com",
    "Google Docs": "docs.google.com drive.google.com app:com.google.android.apps.docs",
    "Google Sites": "sites.google.com",
    "Google Translate": "translate.google.com translate.goog",
    "Inoreader": "inoreader.com",
    "Medium": "medium.com app:com.medium.reader",
    "MSN": "msn.com",
    "SmartNews": "smartnews.com app:jp.gocro.smartnews.android",
    "Substack": "substack.com app:com.substack.app",
    "Wikipedia": "wikipedia.org app:org.wikipedia",
}


def place_of_host(host: str) -> Place | None:
    """
    The place that a host in lower-case punycode belongs to, by its longest known suffix.
    """
    while host:
        place = _KNOWN.get(host)
        if place is not None:
            return place
        host = host.partition(".")[2]
    return None


def place_of_app(app: str) -> Place | None:
    """
    The place whose Android app has this id, in lower case.
    """
    return _KNOWN.get(f"app:{app}")


def _rows() -> Iterator[tuple[Place, list[str]]]:
    tables: Mapping[Channel, Mapping[str, str]] = {
        Channel.SEARCH: _SEARCH,
        Channel.SOCIAL: _SOCIAL,
        Channel.AI: _AI,
        Channel.MAIL: _MAIL,
        Channel.REFERRAL: _REFERRAL,
    }
    for channel, table in tables.items():
        for name, words in table.items():
            yield Place(name, channel), words.split()
    yield Place("Google", Channel.SEARCH), [f"google.{suffix}" for suffix in _GOOGLE.split()]


_KNOWN = {word: place for place, words in _rows() for word in words}
