"""
The words around the demo's articles, in the two languages of its pages.
"""

#: By language, then by what the template calls them.
WORDS: dict[str, dict[str, str]] = {
    "vi": {
        "lang": "vi",
        "other": "English",
        "skip": "Đến nội dung chính",
        "owner": "Sở Khoa học và Công nghệ",
        "sections": "Chuyên mục",
        "home": "Trang chủ",
        "trail": "Vị trí trang",
        "views": "Lượt xem",
        "latest": "Tin khác",
        "popular": "Đọc nhiều",
        "trending": "Đang được quan tâm",
        "related": "Tin liên quan",
        "more": "Thông tin thêm",
        "total": "Tổng số lượt xem",
        "stale": "Số liệu chưa được cập nhật.",
        "agency": "Cơ quan chủ quản: Sở Khoa học và Công nghệ tỉnh Hà Lâm",
        "address": "Địa chỉ: Số 8, đường Khuê Văn, thành phố Hà Lâm",
        "fiction": (
            "Trang trình diễn của bộ đếm Luot. Tỉnh Hà Lâm cùng mọi tên người, địa danh và sự "
            "việc ở đây đều là hư cấu."
        ),
    },
    "en": {
        "lang": "en",
        "other": "Tiếng Việt",
        "skip": "To the article",
        "owner": "Department of Science and Technology",
        "sections": "Sections",
        "home": "Home",
        "trail": "Where you are",
        "views": "Views",
        "latest": "More news",
        "popular": "Most read",
        "trending": "Rising now",
        "related": "Readers also read",
        "more": "More information",
        "total": "Views in all",
        "stale": "These numbers are not up to date.",
        "agency": "Published by the Department of Science and Technology of Hà Lâm",
        "address": "8 Khuê Văn Street, Hà Lâm City",
        "fiction": (
            "A demonstration of the counter Luot. The province of Hà Lâm and every name, place "
            "and event here are fiction."
        ),
    },
}
