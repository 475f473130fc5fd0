"""Talk of buttons and panels becomes what can be done here; what is about the picture stays letter by letter."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipynemo.intents import Action, Translation, translate

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

EXPORT_HERE = "You can export the video right here: session.export()."
STATE_HERE = "You can look at the current state right here: session.state()."
EDIT_HERE = "Just say here what should change: session.chat('…')."
TIMELINE_HERE = "You can see the timeline right here: session.draft()."
CREDITS_HERE = "You can see your credits right here: session.credits()."
SAY_HERE = "Just say here what you want: session.chat('…')."


@pytest.mark.parametrize(
    ("said", "shown", "action"),
    [
        ("Click the Export button to download your video!", EXPORT_HERE, Action.EXPORT),
        ("Export button", EXPORT_HERE, Action.EXPORT),
        ('Click "Export".', EXPORT_HERE, Action.EXPORT),
        ("Just press the **Export** button.", EXPORT_HERE, Action.EXPORT),
        ("You can click [Export] in the top right corner.", EXPORT_HERE, Action.EXPORT),
        ("Use the Export button.", EXPORT_HERE, Action.EXPORT),
        ("The Export button is at the top right.", EXPORT_HERE, Action.EXPORT),
        ("You'll find the Download button below the player.", EXPORT_HERE, Action.EXPORT),
        ("When you're ready, hit Export to save it.", EXPORT_HERE, Action.EXPORT),
        ("To download it, click on Download.", EXPORT_HERE, Action.EXPORT),
        ("Open the Effects panel on the left.", STATE_HERE, Action.STATE),
        ("Please go to the project settings.", STATE_HERE, Action.STATE),
        ("Then open [Media panel].", STATE_HERE, Action.STATE),
        ("You can open the timeline panel to see it.", STATE_HERE, Action.STATE),
        ("Drag and drop your image into the timeline.", EDIT_HERE, Action.EDIT),
        ("Drag the clip to the start.", EDIT_HERE, Action.EDIT),
        ("Simply drag it to the left.", EDIT_HERE, Action.EDIT),
        ("Drag clips to reorder", EDIT_HERE, Action.EDIT),
        ("drag/drop", EDIT_HERE, Action.EDIT),
        ("Drop the files here.", EDIT_HERE, Action.EDIT),
        ("You can drag the edge of the title to make it longer.", EDIT_HERE, Action.EDIT),
        ("Preview the result in the timeline.", TIMELINE_HERE, Action.SUMMARY),
        ("You can now preview it in the timeline!", TIMELINE_HERE, Action.SUMMARY),
        ("preview in timeline", TIMELINE_HERE, Action.SUMMARY),
        ("Watch it in the preview window.", TIMELINE_HERE, Action.SUMMARY),
        ("Check the timeline.", TIMELINE_HERE, Action.SUMMARY),
        ("Please check your account.", CREDITS_HERE, Action.CREDITS),
        ("check account/billing", CREDITS_HERE, Action.CREDITS),
        ("Go to the billing page to top up.", CREDITS_HERE, Action.CREDITS),
        ("You can review your subscription.", CREDITS_HERE, Action.CREDITS),
        ("Click the play icon.", SAY_HERE, Action.DO),
        ("You can adjust the volume in the audio panel.", SAY_HERE, Action.DO),
        ("Use the volume slider.", SAY_HERE, Action.DO),
        ("Select the clip in the timeline.", SAY_HERE, Action.DO),
        ("Click here.", SAY_HERE, Action.DO),
        ('Click "Add text".', "Just ask for it here: session.chat('Add text').", Action.DO),
        ("Tap **Regenerate** to try again.", "Just ask for it here: session.chat('Regenerate').", Action.DO),
        ("点击右上角的“导出”按钮即可下载视频。", "您可以直接在这里导出视频：session.export()。", Action.EXPORT),
        ("请导出视频。", "您可以直接在这里导出视频：session.export()。", Action.EXPORT),
        ("您可以点击导出按钮", "您可以直接在这里导出视频：session.export()。", Action.EXPORT),
        ("如果满意，请点击【导出】。", "您可以直接在这里导出视频：session.export()。", Action.EXPORT),
        ("“导出”按钮在右上角。", "您可以直接在这里导出视频：session.export()。", Action.EXPORT),
        ("导出按钮在右上角。", "您可以直接在这里导出视频：session.export()。", Action.EXPORT),
        ("请打开左侧的素材面板。", "您可以直接在这里查看当前状态：session.state()。", Action.STATE),
        ("打开设置", "您可以直接在这里查看当前状态：session.state()。", Action.STATE),
        ("将图片拖拽到时间线上。", "在这里直接说出想要的修改即可：session.chat('…')。", Action.EDIT),
        ("拖动标题到开头。", "在这里直接说出想要的修改即可：session.chat('…')。", Action.EDIT),
        ("您可以在时间线中预览效果。", "您可以直接在这里查看时间线：session.draft()。", Action.SUMMARY),
        ("请查看您的账户余额和账单。", "您可以直接在这里查看积分：session.credits()。", Action.CREDITS),
        ("点击“添加文字”。", "在这里直接说就可以：session.chat('添加文字')。", Action.DO),
        ("您可以在右侧的属性面板中调整音量。", "在这里直接说出您的要求即可：session.chat('…')。", Action.DO),
        ("在右侧面板中点击生成", "在这里直接说出您的要求即可：session.chat('…')。", Action.DO),
    ],
)
def test_an_instruction_for_the_screen_becomes_what_can_be_done(said, shown, action):
    assert translate(said) == Translation(shown, (action,))


@pytest.mark.parametrize(
    "text",
    [
        "The man clicks the shutter.",
        "A door opens. Light falls on the wall.",
        "Drag queen portrait, lit from the left.",
        "An export crate in the harbour, stacked on others.",
        "She opens the window and a panel of glass falls.",
        "Open the door and see the light.",
        "The picture shows a control panel with red buttons.",
        "You can see brush strokes on the canvas.",
        "You can see the timeline of AI history in scene 3.",
        "Press the flowers for a week before framing them.",
        "The title now reads “Click the button below!”.",
        'I set the caption to "Drag the clip here. Then click Export."',
        '"Click here" is what the sign says.',
        "A hand taps the phone; the screen glows.",
        "Would you like me to export it?",
        "I exported the video in 1080p.",
        "The export takes about 30 seconds.",
        "Your video has a title, a caption and calm music.",
        "Tell me whether to make it shorter.",
        "The timeline has 3 tracks.",
        "Press the red button in the picture to see it glow.",
        "“点击导出按钮”写在标牌上。",
        "See the timeline below: 0–3 s title, 3–10 s city.",
        "Account for the light: it comes from the left.",
        "He drops the files and runs.",
        "Select a mood: calm, happy or epic.",
        "Choose a style for the title.",
        "Hit songs of the eighties play in the background.",
        "The dashboard of the car opens a view of the road.",
        "Click-clack go the heels on the marble floor.",
        "Play of light and shadow on an old keyboard.",
        "Use of colour: warm reds against cold blues.",
        "Look at the man in the picture: he presses a button.",
        "Tap dancers open the show.",
        "Check patterns repeat across the wall.",
        "View of the harbour with cranes.",
        "男人点击快门。",
        "一扇门打开，光照进来。",
        "打开的窗户外是大海。",
        "导出的木箱堆在港口。",
        "照片里一只手点击屏幕。",
        "标题已改为“点击这里”。",
        "拖着行李箱的女人走过街道。",
        "女孩拖动一辆小车。",
        "视频已经导出完成。",
        "我已为您添加标题。",
        "要不要我把音乐调小一点？",
        "在雨中点击快门的男人。",
        "时间线上有三条轨道。",
        "`click the Export button` is a command.",
        "",
        "\n\n",
        "…",
    ],
)
def test_what_is_about_the_picture_stays(text):
    assert translate(text) == Translation(text, ())


def test_the_rest_of_a_text_stays_around_an_instruction():
    said = "I've added the title. Click the Export button to download it! Shall I add music?"
    assert translate(said).text == f"I've added the title. {EXPORT_HERE} Shall I add music?"
    assert translate("Your title is in, and you can preview it in the timeline.").text == (
        f"Your title is in. {TIMELINE_HERE}"
    )
    assert translate("The video is ready — just click Export.").text == f"The video is ready. {EXPORT_HERE}"
    assert translate("Drag the clip to the start, or tell me the time.").text == f"{EDIT_HERE} Tell me the time."
    assert translate("Click Export, choose MP4, and wait; the title stays for 3 s.").text == (
        f"{EXPORT_HERE} The title stays for 3 s."
    )
    assert translate("点击导出，选择MP4，视频还会保留标题。").text == (
        "您可以直接在这里导出视频：session.export()。视频还会保留标题。"
    )
    assert translate("标题已添加，您可以在时间线中预览效果。还需要音乐吗？").text == (
        "标题已添加。您可以直接在这里查看时间线：session.draft()。还需要音乐吗？"
    )


def test_lines_and_markdown_stay():
    said = (
        "## Done\r\n\r\n1. Click **Export** in the toolbar.\r\n2. Choose a name.\r\n"
        "> - [ ] Open the Media panel.\r\n\r\n👉 **Click the Export button.**\r\n| Click | Export |\r\n"
    )
    assert translate(said).text == (
        f"## Done\r\n\r\n1. {EXPORT_HERE}\r\n2. Choose a name.\r\n"
        f"> - [ ] {STATE_HERE}\r\n\r\n👉 **{EXPORT_HERE}**\r\n| Click | Export |\r\n"
    )
    assert translate("**Click the Export button** in the corner.").text == EXPORT_HERE
    assert translate("**Tip:** click Export to save.").text == f"**Tip:** {EXPORT_HERE}"


def test_code_is_not_read():
    code = "```text\nClick the Export button.\n```\n~~~\nOpen the panel.\n~~~\n\n    Click the Export button.\n"
    assert translate(code) == Translation(code, ())
    assert translate(code + "\nClick the Export button.").text == code + f"\n{EXPORT_HERE}"
    unclosed = "```\nClick the Export button.\n"
    assert translate(unclosed) == Translation(unclosed, ())


def test_actions_come_once_each_in_order_and_a_line_says_a_thing_once():
    said = "Click Export. Then click the Export button!\nOpen the Media panel.\nClick Export."
    text, actions = translate(said)
    assert actions == (Action.EXPORT, Action.STATE)
    assert text.split("\n") == [EXPORT_HERE, STATE_HERE, EXPORT_HERE]


def test_a_name_of_a_button_cannot_break_out_of_the_code():
    (action,) = translate('Click "it\'s); drop(`".').actions
    assert action is Action.DO
    assert translate('Click "it\'s); drop(`".').text == SAY_HERE


@pytest.mark.parametrize(
    "piece",
    [
        "Click the Export button. ", "click ", "you can ", '"', "“", "[", "**", "`", "*", "'", "点击", "请", "在", "a",
        ".",
        "\n", "- ", "> ", "```\n", " ", "\t", "and then ", ", and ", "drag the ", "click on the ", "，", "在上",
        "open the x ",
    ],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read_in_one_go(piece):
    # With anything worse than linear cost, one of these would not end.
    text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    assert translate(text).text.count("\n") == text.count("\n")


@UNHURRIED
@given(st.text(alphabet=st.sampled_from("Click the Export button. 点击导出，“”\"'[]`*#>-\n\r\t 1.拖a")))
def test_any_text_is_taken_and_lines_stay_lines(text):
    shown, actions = translate(text)
    assert shown.count("\n") == text.count("\n")
    assert (shown == text) or actions
    assert all(isinstance(action, Action) for action in actions)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("add a caption: Press the red button", "Caption added:\nPress the red button"),
        ("add a caption: Press the red button", "The caption, press the red button, is in place."),
        ("Add a caption Press the red button", "Press the red button (0–4 s)"),
        ('Put "Click the Export button" on the first picture', "Click the Export button added at 0–3 s."),
        ("add a caption that says press the red button to start", "Press the red button to start!"),
        ("加字幕：按下红色按钮", "已添加字幕，按下红色按钮。"),
        ("加字幕：按下红色按钮", "已添加：\n按下红色按钮"),
        ("把标题改成“点击导出按钮”", "点击导出按钮"),
    ],
)
def test_a_text_that_the_user_dictated_is_no_instruction(asked, said):
    assert translate(said).actions != ()
    assert translate(said, asked=asked) == Translation(said, ())


@pytest.mark.parametrize(
    ("asked", "said", "action"),
    [
        ("add a caption: Press the red button", "Done. Click the Export button to download it.", Action.EXPORT),
        ("How do I save it? I click the Export button and nothing comes", "Click the Export button.", Action.EXPORT),
        ("add a caption: Click", "Click here.", Action.DO),
        ("加字幕：按下红色按钮", "完成。请点击导出按钮。", Action.EXPORT),
        ("我点击导出按钮没反应", "请点击导出按钮。", Action.EXPORT),
    ],
)
def test_an_instruction_that_nobody_dictated_is_one(asked, said, action):
    assert translate(said, asked=asked).actions == (action,)
