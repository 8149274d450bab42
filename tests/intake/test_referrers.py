import re

import pytest

from service.intake import referrers
from service.intake.referrers import Channel, Place, place_of_app, place_of_host


@pytest.mark.parametrize(
    ("host", "name", "channel"),
    [
        ("google.com", "Google", Channel.SEARCH),
        ("google.com.vn", "Google", Channel.SEARCH),
        ("google.co.uk", "Google", Channel.SEARCH),
        ("google.de", "Google", Channel.SEARCH),
        ("images.google.fr", "Google", Channel.SEARCH),
        ("bing.com", "Bing", Channel.SEARCH),
        ("coccoc.com", "Cốc Cốc", Channel.SEARCH),
        ("vn.search.yahoo.com", "Yahoo", Channel.SEARCH),
        ("duckduckgo.com", "DuckDuckGo", Channel.SEARCH),
        ("m.baidu.com", "Baidu", Channel.SEARCH),
        ("yandex.com.tr", "Yandex", Channel.SEARCH),
        ("ya.ru", "Yandex", Channel.SEARCH),
        ("ecosia.org", "Ecosia", Channel.SEARCH),
        ("kagi.com", "Kagi", Channel.SEARCH),
        ("search.brave.com", "Brave", Channel.SEARCH),
        ("eu.startpage.com", "Startpage", Channel.SEARCH),
        ("qwant.com", "Qwant", Channel.SEARCH),
        ("m.search.naver.com", "Naver", Channel.SEARCH),
        ("search.seznam.cz", "Seznam", Channel.SEARCH),
        ("news.google.com", "Google News", Channel.SEARCH),
        ("l.facebook.com", "Facebook", Channel.SOCIAL),
        ("lm.facebook.com", "Facebook", Channel.SOCIAL),
        ("fb.me", "Facebook", Channel.SOCIAL),
        ("zalo.me", "Zalo", Channel.SOCIAL),
        ("chat.zalo.me", "Zalo", Channel.SOCIAL),
        ("zaloapp.com", "Zalo", Channel.SOCIAL),
        ("tiktok.com", "TikTok", Channel.SOCIAL),
        ("m.youtube.com", "YouTube", Channel.SOCIAL),
        ("t.co", "X", Channel.SOCIAL),
        ("twitter.com", "X", Channel.SOCIAL),
        ("l.instagram.com", "Instagram", Channel.SOCIAL),
        ("threads.net", "Threads", Channel.SOCIAL),
        ("threads.com", "Threads", Channel.SOCIAL),
        ("lnkd.in", "LinkedIn", Channel.SOCIAL),
        ("old.reddit.com", "Reddit", Channel.SOCIAL),
        ("pinterest.com", "Pinterest", Channel.SOCIAL),
        ("t.me", "Telegram", Channel.SOCIAL),
        ("web.telegram.org", "Telegram", Channel.SOCIAL),
        ("discord.com", "Discord", Channel.SOCIAL),
        ("bsky.app", "Bluesky", Channel.SOCIAL),
        ("mastodon.social", "Mastodon", Channel.SOCIAL),
        ("away.vk.com", "VK", Channel.SOCIAL),
        ("mp.weixin.qq.com", "WeChat", Channel.SOCIAL),
        ("lotus.vn", "Lotus", Channel.SOCIAL),
        ("web.whatsapp.com", "WhatsApp", Channel.SOCIAL),
        ("news.ycombinator.com", "Hacker News", Channel.SOCIAL),
        ("lobste.rs", "lobste.rs", Channel.SOCIAL),
        ("dev.to", "dev.to", Channel.SOCIAL),
        ("teams.microsoft.com", "Teams", Channel.SOCIAL),
        ("app.slack.com", "Slack", Channel.SOCIAL),
        ("chatgpt.com", "ChatGPT", Channel.AI),
        ("chat.openai.com", "ChatGPT", Channel.AI),
        ("perplexity.ai", "Perplexity", Channel.AI),
        ("gemini.google.com", "Gemini", Channel.AI),
        ("bard.google.com", "Gemini", Channel.AI),
        ("copilot.microsoft.com", "Copilot", Channel.AI),
        ("claude.ai", "Claude", Channel.AI),
        ("chat.deepseek.com", "DeepSeek", Channel.AI),
        ("grok.com", "Grok", Channel.AI),
        ("x.ai", "Grok", Channel.AI),
        ("meta.ai", "Meta AI", Channel.AI),
        ("chat.mistral.ai", "Mistral", Channel.AI),
        ("chat.qwen.ai", "Qwen", Channel.AI),
        ("mail.google.com", "Gmail", Channel.MAIL),
        ("outlook.live.com", "Outlook", Channel.MAIL),
        ("outlook.office.com", "Outlook", Channel.MAIL),
        ("mail.yahoo.com", "Yahoo Mail", Channel.MAIL),
        ("mail.proton.me", "Proton", Channel.MAIL),
        ("mail.zoho.com", "Zoho", Channel.MAIL),
        ("e.mail.ru", "Mail.ru", Channel.MAIL),
        ("go.mail.ru", "Mail.ru Search", Channel.SEARCH),
        ("baomoi.com", "Báo Mới", Channel.REFERRAL),
    ],
)
def test_a_host_belongs_to_the_place_of_its_longest_known_suffix(
    host: str, name: str, channel: Channel
) -> None:
    assert Place(name, channel) == place_of_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "com",
        "google",
        "mygoogle.com",
        "google.evil.example.com",
        "google.com.evil.example",
        "google.com.de",
        "google.dev",
        "facebook.com.example.vn",
        "notx.com",
        "box.com",
        "at.co",
        "com.google.android.gm",
        "fb",
    ],
)
def test_a_host_that_only_looks_like_a_place_belongs_to_none(host: str) -> None:
    assert place_of_host(host) is None


@pytest.mark.parametrize(
    ("app", "name", "channel"),
    [
        ("com.google.android.gm", "Gmail", Channel.MAIL),
        ("com.google.android.googlequicksearchbox", "Google", Channel.SEARCH),
        ("com.zing.zalo", "Zalo", Channel.SOCIAL),
        ("com.slack", "Slack", Channel.SOCIAL),
        ("com.microsoft.teams", "Teams", Channel.SOCIAL),
        ("org.telegram.messenger", "Telegram", Channel.SOCIAL),
        ("com.openai.chatgpt", "ChatGPT", Channel.AI),
    ],
)
def test_an_android_app_has_the_name_of_its_place(app: str, name: str, channel: Channel) -> None:
    assert Place(name, channel) == place_of_app(app)


@pytest.mark.parametrize("app", ["", "com.example", "google.com", "x.com.google.android.gm"])
def test_an_app_is_known_by_its_whole_id_only(app: str) -> None:
    assert place_of_app(app) is None


def test_no_word_of_the_table_stands_for_two_places() -> None:
    words = [word for _, words in referrers._rows() for word in words]

    assert sorted(set(words)) == sorted(words)


def test_every_word_of_the_table_is_a_host_an_app_or_a_plain_word() -> None:
    shape = re.compile(r"(app:)?[a-z0-9]+([.-][a-z0-9]+)*")

    assert [
        word for _, words in referrers._rows() for word in words if not shape.fullmatch(word)
    ] == []
