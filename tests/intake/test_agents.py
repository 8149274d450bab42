from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.dimensions import UNKNOWN
from service.intake.agents import NAME_LENGTH, Agent, Device, agent

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
MACINTOSH = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
WEBVIEW = ANDROID + "Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36 "
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) "
)
IPAD = IPHONE.replace("iPhone; CPU iPhone", "iPad; CPU")
CHROME = WINDOWS + "Chrome/142.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        " ",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        WINDOWS + "HeadlessChrome/142.0.0.0 Safari/537.36",
        ANDROID + "Chrome/142.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)",
        "Mozilla/5.0",
        "SAMSUNG-GT-E2232/1.0 Openwave/6.2.3 Profile/MIDP-2.0",
        "mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0",
        " " + CHROME,
    ],
)
def test_what_is_no_browser_is_a_bot(user_agent: str) -> None:
    assert agent(user_agent).bot


@pytest.mark.parametrize(
    "model",
    ["CUBOT X30", "CUBOT", "CUBOT_NOTE_S", "hct-CUBOT", "S550_CUBOT", "Cubot Dinosaur Build/N"],
)
def test_a_phone_of_cubot_is_a_phone(model: str) -> None:
    told = agent(
        f"Mozilla/5.0 (Linux; Android 11;{model}) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/96.0.4664.45 Mobile Safari/537.36"
    )

    assert (
        told.bot,
        told.browser,
        told.system,
        told.device,
    ) == (False, "Chrome", "Android", "mobile")


@pytest.mark.parametrize(
    ("user_agent", "browser", "system", "device"),
    [
        (CHROME, "Chrome", "Windows", "desktop"),
        (CHROME + " Edg/142.0.0.0", "Edge", "Windows", "desktop"),
        (CHROME + " OPR/124.0.0.0", "Opera", "Windows", "desktop"),
        (
            WINDOWS + "coc_coc_browser/142.0.148 Chrome/136.0.7103.148 Safari/537.36",
            "Coc Coc",
            "Windows",
            "desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox",
            "Windows",
            "desktop",
        ),
        (
            MACINTOSH + "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
            "Safari",
            "macOS",
            "desktop",
        ),
        (
            CHROME.replace("Windows NT 10.0; Win64; x64", "X11; CrOS x86_64 14541.0.0"),
            "Chrome",
            "Chrome OS",
            "desktop",
        ),
        (IPHONE + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari", "iOS", "mobile"),
        (IPHONE + "CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1", "Chrome", "iOS", "mobile"),
        (IPHONE + "FxiOS/145.0 Mobile/15E148 Safari/605.1.15", "Firefox", "iOS", "mobile"),
        (IPAD + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari", "iOS", "tablet"),
        (ANDROID + "Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome", "Android", "mobile"),
        (ANDROID + "Chrome/142.0.0.0 Safari/537.36", "Chrome", "Android", "tablet"),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
            "Firefox",
            "Android",
            "mobile",
        ),
        (
            ANDROID + "SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
            "Samsung Internet",
            "Android",
            "mobile",
        ),
        (
            ANDROID + "Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0",
            "Edge",
            "Android",
            "mobile",
        ),
        (
            ANDROID + "Chrome/142.0.0.0 Mobile Safari/537.36 OPR/92.0.0.0",
            "Opera",
            "Android",
            "mobile",
        ),
        (
            "Opera/9.80 (Android; Opera Mini/7.5/35; U; vi) Presto/2.8.119 Version/11.10",
            "Opera Mini",
            "Android",
            "mobile",
        ),
        (
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Tablet PC 2.0)",
            "IE",
            "Windows",
            "desktop",
        ),
        (
            ANDROID.replace("Linux; Android 10; K", "Windows Phone 10.0; Android 6.0.1; Lumia 950")
            + "Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15254",
            "Edge",
            "Windows Phone",
            "mobile",
        ),
    ],
)
def test_a_browser_is_one_row_whatever_it_runs_on(
    user_agent: str, browser: str, system: str, device: str
) -> None:
    assert Agent(False, browser, system, device) == agent(user_agent)


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        (WEBVIEW + "Zalo android/12110576 ZaloTheme/light ZaloLanguage/vi", "Zalo"),
        (IPHONE + "Mobile/15E148 Zalo iOS/623 ZaloTheme/light ZaloLanguage/vn", "Zalo"),
        (WEBVIEW + "musical_ly_2022803040 JsSdk/1.0 AppName/musical_ly", "TikTok"),
        (WEBVIEW + "trill_2023203030 AppName/trill BytedanceWebview/d8a21c6", "TikTok"),
        (WEBVIEW + "MicroMessenger/8.0.43.2480(0x28002B35) WeChat/arm64", "WeChat"),
        (IPHONE + "Mobile/15E148 MicroMessenger/8.0.43(0x18002b2b)", "WeChat"),
        (WEBVIEW + "[FB_IAB/FB4A;FBAV/446.0.0.0.0;]", "Facebook"),
        (IPHONE + "Mobile/15E148 [FBAN/FBIOS;FBAV/446.0;FBSN/iOS]", "Facebook"),
        (WEBVIEW + "[FB_IAB/Orca-Android;FBAV/437.0.0.0.0;]", "Messenger"),
        (IPHONE + "Mobile/15E148 [FBAN/MessengerLiteForiOS;FBAV/446.0]", "Messenger"),
        (WEBVIEW + "Instagram 312.0.0.34.111 Android (33/13; 450dpi; samsung)", "Instagram"),
        (WEBVIEW + "Barcelona 312.0.0.34.111 Android (33/13; 450dpi)", "Threads"),
        (WEBVIEW + "Telegram-Android/10.0 (Samsung; Android 13; SDK 33)", "Telegram"),
        (WEBVIEW + "Line/13.20.0/IAB", "LINE"),
        (WEBVIEW, "Android WebView"),
        (IPHONE + "Mobile/15E148", "iOS WebView"),
    ],
)
def test_a_browser_inside_an_app_has_the_name_of_the_app(user_agent: str, browser: str) -> None:
    told = agent(user_agent)

    assert not told.bot
    assert browser == told.browser
    assert told.device is Device.MOBILE


def test_what_no_table_knows_is_unknown_and_no_bot() -> None:
    told = agent("Mozilla/5.0 <script>alert(1)</script>")

    assert (told.bot, told.browser, told.system) == (False, UNKNOWN, UNKNOWN)


def test_a_bot_is_not_asked_for_its_browser() -> None:
    told = agent("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)")

    assert (told.bot, told.browser, told.system) == (True, UNKNOWN, UNKNOWN)


def test_what_stands_behind_512_bytes_is_not_read() -> None:
    padded = CHROME.ljust(512)

    assert agent(padded) == agent(padded + "Googlebot/2.1 " * 500)


@pytest.mark.parametrize(
    "junk",
    [
        "Mozilla/5.0 " + "A(B|C+)+D" * 900,
        "Mozilla/5.0 (" + "a" * 8_000,
        "Mozilla/5.0 " + " " * 8_000,
        "Mozilla/5.0 " + "(;" * 4_000,
        "Mozilla/5.0 " + "x/1.0 " * 1_400,
        "Mozilla/5.0 (" + "Android " * 1_000,
        "Mozilla/5.0 (" + "\u1ec7" * 8_000,
        "Mozilla/5.0 (" + "\ud800\x00" * 4_000,
        "A" * 8_000,
    ],
)
def test_8000_characters_of_junk_are_answered_at_once(junk: str) -> None:
    agent(CHROME)
    began = process_time()

    agent(junk)

    assert process_time() - began < 0.05


def test_a_bar_in_a_user_agent_makes_no_bot() -> None:
    assert not agent("Mozilla/5.0 (X11; Linux x86_64) " + "A(B|C+)+D" * 900).bot


def test_a_user_agent_is_not_taken_for_the_name_of_an_app() -> None:
    assert agent("Mozilla/5.0 (X11) " + "A" * 100 + "\x1b/1.0 CFNetwork").browser == UNKNOWN


@settings(max_examples=200)
@given(st.sampled_from(["", "Mozilla/5.0 ", CHROME, WEBVIEW]), st.text(max_size=600))
def test_any_text_has_an_answer_fit_to_be_kept(front: str, behind: str) -> None:
    told = agent(front + behind)

    assert told.device in set(Device)
    for name in (told.browser, told.system):
        assert name.isprintable()
        assert 1 <= len(name) <= NAME_LENGTH
