"""
The words and the past of the demo: six articles of a province that does not exist.

The figures are what an older counter is supposed to have left behind. They are small for an
article and large for the site, as on a portal that has changed its counter once before.
"""

from dataclasses import dataclass

#: Title of the portal, as its header prints it.
SITE_NAME = "Cổng thông tin Khoa học và Công nghệ tỉnh Hà Lâm"

#: Views of the whole portal under its older counter.
SITE_VIEWS = 4_241_514

#: Visits to the whole portal under its older counter, which began to count them much later.
SITE_VISITS = 1_094


@dataclass(frozen=True, slots=True)
class Article:
    """
    One article and the numbers it had before Luot.

    The page is `/demo/` followed by the slug. `published` is `dd/mm/yyyy HH:MM` in the site's
    own time, with leading zeros.
    """

    slug: str
    title: str
    published: str
    section: str
    author: str
    lead: str
    paragraphs: tuple[str, ...]
    views: int
    visits: int


#: Newest first. The first one is the demo's front page.
ARTICLES: tuple[Article, ...] = (
    Article(
        slug="",
        title="Hà Lâm đưa kỹ năng số về với nông dân vùng cao",
        published="28/12/2020 13:39",
        section="Chuyển đổi số",
        author="Minh Châu",
        lead=(
            "Sau bốn tháng triển khai, 42 lớp tập huấn do Sở Khoa học và Công nghệ tỉnh Hà Lâm "
            "chủ trì đã thu hút hơn 1.200 nông dân ở 18 xã vùng cao. Nhiều hộ lần đầu tự bán được "
            "nông sản qua mạng."
        ),
        paragraphs=(
            (
                "Sáng 28/12, tại huyện Mường Sơn, Sở Khoa học và Công nghệ tỉnh Hà Lâm tổ chức "
                "hội nghị tổng kết đợt một chương trình “Kỹ năng số cho nông dân”. Tham dự có đại "
                "diện Hội Nông dân tỉnh, lãnh đạo 18 xã và 60 học viên tiêu biểu."
            ),
            (
                "Theo báo cáo tại hội nghị, từ đầu tháng 9 đến nay, ban tổ chức đã mở 42 lớp ngay "
                "tại nhà văn hóa thôn, mỗi lớp kéo dài năm buổi tối để bà con không lỡ việc đồng "
                "áng. Học viên được hướng dẫn tra cứu thời tiết và giá nông sản, ghi nhật ký canh "
                "tác trên điện thoại, nhận biết tin nhắn lừa đảo và đăng bán sản phẩm trên các "
                "sàn thương mại điện tử."
            ),
            (
                "Chị Lò Thị Mai, trồng mận ở xã Nà Phung, cho biết trước đây gia đình chỉ trông "
                "vào thương lái. “Nay tôi tự chụp ảnh, viết lời giới thiệu rồi nhận đơn qua điện "
                "thoại. Từ tháng 10, nhà tôi đã bán gần ba tạ mận sấy cho khách dưới xuôi mà "
                "không bị ép giá”, chị nói."
            ),
            (
                "Phát biểu tại hội nghị, ông Nguyễn Đức Thành, Phó Giám đốc Sở, cho rằng kết quả "
                "đáng quý nhất không nằm ở số lớp đã mở mà ở thói quen mới của bà con. Ông đề "
                "nghị các xã duy trì nhóm hỗ trợ tại chỗ, mỗi thôn có ít nhất hai thanh niên nòng "
                "cốt để giúp những hộ còn lúng túng, nhất là người cao tuổi."
            ),
            (
                "Hội nghị cũng chỉ ra một số khó khăn: sóng di động ở năm thôn còn yếu, tài liệu "
                "bằng tiếng dân tộc chưa nhiều, một phần học viên vẫn dùng điện thoại đời cũ. Sở "
                "đang phối hợp với các doanh nghiệp viễn thông khảo sát, dự kiến bổ sung sáu trạm "
                "phát sóng trong năm 2021."
            ),
            (
                "Đợt hai của chương trình sẽ bắt đầu vào tháng 3/2021 tại 14 xã còn lại, với nội "
                "dung mới về truy xuất nguồn gốc và thanh toán không dùng tiền mặt. Bà con có nhu "
                "cầu đăng ký tại ủy ban nhân dân xã trước ngày 20/2/2021."
            ),
        ),
        views=400,
        visits=212,
    ),
    Article(
        slug="kho-du-lieu-nghien-cuu",
        title="Hơn 300 đề tài khoa học của tỉnh được đưa lên kho dữ liệu mở",
        published="25/12/2020 16:05",
        section="Thông tin, thống kê",
        author="Quang Huy",
        lead=(
            "Từ ngày 25/12, người dân và doanh nghiệp có thể tra cứu miễn phí kết quả của 312 đề "
            "tài, dự án khoa học và công nghệ cấp tỉnh được nghiệm thu từ năm 2001 đến nay."
        ),
        paragraphs=(
            (
                "Kho dữ liệu do Trung tâm Thông tin và Thống kê khoa học xây dựng trong hai năm. "
                "Mỗi đề tài có bản tóm tắt, báo cáo tổng hợp và địa chỉ liên hệ của nhóm thực "
                "hiện. Riêng các nhiệm vụ thuộc danh mục bí mật nhà nước không được công bố."
            ),
            (
                "Theo bà Trần Thu Hà, Giám đốc Trung tâm, phần việc mất nhiều thời gian nhất là "
                "số hóa gần 90.000 trang báo cáo giấy đã ố vàng. Các tài liệu sau khi quét đều "
                "được nhận dạng chữ, nhờ đó người đọc có thể tìm theo từng từ trong toàn văn."
            ),
            (
                "Trong quý I/2021, Trung tâm sẽ bổ sung số liệu đo đạc gốc của 40 đề tài về nông "
                "nghiệp và môi trường, đồng thời tiếp nhận góp ý của bạn đọc để chỉnh sửa những "
                "bản tóm tắt còn khó hiểu."
            ),
        ),
        views=286,
        visits=149,
    ),
    Article(
        slug="sang-che-may-tach-vo-hat-de",
        title="Thợ cơ khí Hà Lâm được cấp bằng độc quyền cho máy tách vỏ hạt dẻ",
        published="23/12/2020 09:20",
        section="Sở hữu trí tuệ",
        author="Thanh Tùng",
        lead=(
            "Sau sáu năm mày mò và ba lần sửa hồ sơ, ông Phạm Văn Lực ở thị trấn Khe Lau vừa nhận "
            "bằng độc quyền sáng chế cho chiếc máy tách vỏ hạt dẻ do ông tự thiết kế."
        ),
        paragraphs=(
            (
                "Máy dùng hai trục cao su quay lệch tốc độ để làm nứt vỏ mà không vỡ nhân, mỗi "
                "giờ xử lý khoảng 120 kg hạt, bằng 15 người làm thủ công. Tỷ lệ nhân nguyên đạt "
                "trên 93%, theo kết quả thử nghiệm của Trung tâm Ứng dụng tiến bộ khoa học."
            ),
            (
                "Ông Lực kể, hai lần đầu hồ sơ bị trả lại vì phần mô tả chưa nêu được điểm mới. "
                "Từ năm 2018, Sở Khoa học và Công nghệ cử cán bộ giúp ông tra cứu các sáng chế đã "
                "có, viết lại yêu cầu bảo hộ và hỗ trợ một nửa lệ phí."
            ),
            (
                "Đây là bằng độc quyền sáng chế thứ bảy mà các tác giả không chuyên của tỉnh nhận "
                "được trong mười năm qua. Hiện một hợp tác xã đã đặt mua năm máy để kịp dùng cho "
                "vụ thu hoạch năm tới."
            ),
        ),
        views=655,
        visits=318,
    ),
    Article(
        slug="tuan-le-khoa-hoc-2020",
        title="Gần 5.000 lượt học sinh đến với Tuần lễ Khoa học Hà Lâm",
        published="21/12/2020 08:15",
        section="Tin hoạt động",
        author="Thu Hằng",
        lead=(
            "Từ ngày 14 đến 19/12, Tuần lễ Khoa học tỉnh Hà Lâm lần thứ tư diễn ra tại 12 trường "
            "trung học với các buổi thí nghiệm, quan sát bầu trời và đối thoại cùng nhà khoa học."
        ),
        paragraphs=(
            (
                "Khác với những năm trước, phần lớn hoạt động được đưa về các huyện thay vì tập "
                "trung ở thành phố. Hai chuyến xe chở kính thiên văn, kính hiển vi và bộ thí "
                "nghiệm vật lý đã đi hơn 600 km, dừng tại cả những điểm trường chỉ có một lớp mỗi "
                "khối."
            ),
            (
                "Điểm nhấn của tuần lễ là cuộc thi “Em làm nhà khoa học” với 86 sản phẩm dự thi. "
                "Ban giám khảo trao giải nhất cho nhóm học sinh Trường THCS Bản Phiêng với thiết "
                "bị báo mực nước suối làm từ phao nhựa và mạch điện tử đã qua sử dụng."
            ),
            (
                "Em Hoàng Gia Bảo, thành viên nhóm, cho biết ý tưởng đến từ trận lũ tháng 8 khi "
                "con đường tới trường bị ngập. Sở Khoa học và Công nghệ sẽ hỗ trợ nhóm lắp thử "
                "hai thiết bị tại ngầm tràn của xã trước mùa mưa năm sau."
            ),
        ),
        views=512,
        visits=240,
    ),
    Article(
        slug="kiem-tra-cot-do-xang-dau",
        title="Kiểm tra 134 cột đo xăng dầu trước Tết Nguyên đán",
        published="17/12/2020 14:48",
        section="Tiêu chuẩn, đo lường",
        author="Hải Nam",
        lead=(
            "Chi cục Tiêu chuẩn Đo lường Chất lượng vừa hoàn thành đợt kiểm tra 134 cột đo tại 51 "
            "cửa hàng xăng dầu, phát hiện ba cột có sai số vượt mức cho phép."
        ),
        paragraphs=(
            (
                "Đợt kiểm tra diễn ra từ ngày 1 đến 15/12 trên địa bàn chín huyện, thành phố. "
                "Đoàn dùng bình chuẩn 10 lít đo ngẫu nhiên nhiều lần ở mỗi cột, đồng thời xem xét "
                "niêm phong, tem kiểm định và lấy 38 mẫu xăng, dầu để thử nghiệm chất lượng."
            ),
            (
                "Kết quả, 131 cột đạt yêu cầu. Ba cột đo thiếu từ 0,6% đến 0,9% đã bị dừng sử "
                "dụng ngay tại chỗ, chủ cửa hàng phải sửa chữa và kiểm định lại trước khi bán "
                "hàng. Toàn bộ mẫu nhiên liệu đều phù hợp với quy chuẩn hiện hành."
            ),
            (
                "Chi cục khuyến nghị người mua quan sát đồng hồ trở về số 0 trước khi bơm và giữ "
                "hóa đơn để đối chiếu. Mọi phản ánh về đo lường được tiếp nhận tại đường dây nóng "
                "của Sở trong suốt dịp Tết."
            ),
        ),
        views=174,
        visits=97,
    ),
    Article(
        slug="canh-bao-suong-muoi",
        title="Cảm biến giá rẻ giúp vùng rau Phiêng Lạnh tránh sương muối",
        published="14/12/2020 10:32",
        section="Nghiên cứu, ứng dụng",
        author="Bích Ngọc",
        lead=(
            "Mạng lưới 24 trạm đo nhiệt độ sát mặt đất tại xã Phiêng Lạnh đã báo trước bốn giờ "
            "đợt sương muối đầu mùa, giúp nông dân kịp che phủ 70 ha rau."
        ),
        paragraphs=(
            (
                "Mỗi trạm có giá chưa đến hai triệu đồng, chạy bằng pin mặt trời và gửi số liệu "
                "về máy chủ mười phút một lần. Khi nhiệt độ giảm nhanh và trời lặng gió, hệ thống "
                "nhắn tin tới 310 hộ trong vùng, kể cả những hộ chỉ dùng điện thoại phổ thông."
            ),
            (
                "Đề tài do nhóm kỹ sư trẻ của Trung tâm Ứng dụng tiến bộ khoa học thực hiện từ "
                "năm 2019. Theo chủ nhiệm đề tài, kỹ sư Vũ Mạnh Cường, khó nhất là tìm đúng chỗ "
                "đặt trạm, bởi chỉ cách nhau vài trăm mét, nhiệt độ trong thung lũng đã chênh tới "
                "ba độ."
            ),
            (
                "Ước tính của xã cho thấy đợt cảnh báo rạng sáng 8/12 đã giúp bà con tránh thiệt "
                "hại khoảng 1,4 tỷ đồng. Sở Khoa học và Công nghệ dự kiến mở rộng mạng lưới sang "
                "ba xã lân cận trong mùa đông tới."
            ),
        ),
        views=347,
        visits=183,
    ),
)
