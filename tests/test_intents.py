"""Wide tables of what people say, and of what the backend says, with what each must become."""

import pytest

from ipynemo.intents import Intent, Look, look_of, route

EXPORT = """
export|Export|EXPORT!|export.|Export?|"export"|ｅｘｐｏｒｔ|export 🎬|please export|Please export the video!
Please export the video! 🙏|could you export it please?|can you export the video for me?
Can you please export my video now?|I want to export|I'd like to export the clip|I’d like to download it
let's export|Let's export it!|go ahead and export|export it|export this|export the final video|export my clip
export the project|export as mp4|export to MP4|export the video as an mp4 file|export in 1080p
export it to my computer|Export the video, please.|export now|re-export|render|render the video|render it|download
Download!|download it|download the video|download the mp4 file|download the result|please download it to my computer
how do I export?|how can I download the video?|where can I download my video|can I download it now?
I want to download the video|send me the video|Send me the video!|send me the mp4|send it to me
please send me the final video|send the video to me|give me the video|get me the mp4|can I have the video?
I want the mp4|start the export|video export|save the video|save it to my computer|export and download|ok, export
Perfect! Export it.|great, now export the video|thanks, export please|导出|导出！|导出视频|导出视频。|请导出
请导出视频|请帮我导出一下|帮我导出视频|我想导出|我要导出这个视频|可以导出了吗？|能帮我导出吗|导出成mp4
导出为 MP4 格式|把视频导出|把这个视频导出来|请把视频发给我|发给我视频|把视频发我|视频发给我|下载|下载视频|下载一下
我要下载|怎么下载视频？|下载到本地|现在导出|導出|匯出影片|下載影片|麻烦导出一下，谢谢|好的，导出吧|太好了，导出
导出它|请 导出 视频|保存视频|保存到本地
"""

CREDITS = """
credits|Credits?|my credits|balance|Balance!|my balance|check my balance|show my credits|show me my balance
credit balance|what's my balance?|what is my balance|What are my credits?|how many credits do I have left?
how many credits do I have|how many credits are left|how many credits left|How much credit do I have left?
how many credits are remaining|do I have any credits left?|remaining credits|credits left|credits remaining
account balance|check credits please|please show me my remaining credits|can you check my credits?
am I out of credits?|积分|积分？|我的积分|余额|余额多少|我的余额还有多少|我的余额还有多少？|还剩多少积分
我还有多少积分|我还剩多少积分？|积分还剩多少|查询积分|查一下积分|查看余额|请问我的积分还有多少|账户余额|剩余积分
看看我的余额|我有多少积分|還剩多少積分|餘額|还有积分吗？|积分余额|帮我查一下余额
"""

STATE = """
status|Status?|status please|state|show status|what's the status?|what is the current status|project status
show tracks|Show tracks.|show the tracks|show me the tracks|list tracks|list all tracks|show the timeline
show me the timeline|Show me the timeline, please!|timeline|tracks|show me the draft|show the draft
what's in the timeline?|what is on the timeline right now|what's on my timeline|current state|what tracks do I have?
which tracks are there|how many tracks are there?|can you show me the timeline?|let me see the tracks
status of the project|状态|状态？|当前状态|查看状态|显示轨道|显示所有轨道|查看轨道|轨道列表|显示时间线|查看时间线
看看时间轴|请显示时间线|給我看看時間線|時間軸|狀態|顯示軌道|现在是什么状态？|时间线里有什么？|时间轴上有哪些内容
有哪些轨道|项目状态
"""

UPLOAD = """
upload|Upload!|upload a file|upload file|upload files|upload an image|upload my photo|upload a picture please
I want to upload a file|I'd like to upload another picture|can I upload a video?|how do I upload an image?
let me upload a photo|where can I upload my picture?|upload this|upload some pictures|upload a new image
upload from my computer|upload robot.png|please upload my picture cat photo.jpg|upload https://example.org/a.png
I want to send you a picture|import a file|image upload|choose a file|上传|上传图片|上传一张图片|上传文件|我要上传
我想上传一张照片|我要上传一个文件|怎么上传图片？|请问怎么上传|上传视频|上傳圖片|我想上传文件|可以上传照片吗
上传本地文件
"""

PREVIEW = """
preview|Preview!|preview please|show me a preview|Show preview|a preview|the preview|preview it|preview the video
preview at 5 seconds|Preview at 0:12|preview of the draft|show me a preview at 2.5 s|show me the frame at 3 seconds
what does it look like at 4 seconds?|how does the video look at 0:08|frame at 7 s
could you preview it at 12 seconds please|preview at second 9|draw a still at 1:05
preview from 5 to 10 seconds|Preview 5-10 s|preview 0:05 to 0:10|preview between 3 and 7 s|preview from 12 s on
show me the first 5 seconds|Show me the first five seconds, please!|show the last 3 seconds of the video
preview the last second|play the first minute
preview scene 2|preview the second scene|show me scene 3|watch the last scene|play clip 2|play the first few seconds
play|Play!|play it|play the video|play it from the beginning|play from 0:05|play from here|play the draft
play the video from 5 to 10 seconds|watch from 5 to 8|can you play the opening 4 seconds?|preview the whole video
预览|预览一下|预览视频|请预览第5秒|看看第8秒的画面|显示第3秒的样子
預覽|第10秒的效果|预览5到10秒|预览第5秒到第10秒|播放5到10秒|看前5秒|给我看前五秒|播放最后3秒|预览第2个场景
播放第二个片段|预览场景3|播放|播放视频|播放一下|从5秒开始播放|从头播放|请播放最后一个场景|看看5至8秒的画面
"""

CHAT = """
play music|play some background music|add a play button|play it slower|play the first clip twice|show me two scenes
make the first 5 seconds faster|remove scene 2|show the title from 5 to 10 seconds|cut from 5 to 10 seconds
播放音乐|播放速度加快|删除前5秒|把前5秒变快|从5到10秒显示标题|第2个场景放大
preview the noise scene as a GIF|add a preview of the next lesson|add the word preview|what does the robot look like?
show me the picture at 5 seconds|put the frame at 5 seconds first|把预览两个字放到标题里|make the preview shorter
make the export button bigger in the title|add a title that says Export|explain image credits
the status bar is ugly, crop it|balance the colours|download more ram joke as title|把“导出”两个字放到标题里
export it and then add music|don't export|Don't export yet|do not export the video|no export|please never download
not the timeline|explain what an AI image is and how it was created|add background music|make it shorter|undo
export the noise scene as a GIF and loop it|export only the first 5 seconds|add credits at the end
roll the credits over the last clip|end credits|add end credits|the credits scene is too long|what are credits?
image credits: NASA|title: Credits|balance the audio|white balance|balance the picture|colour balance
improve the balance of light and dark|the balance is off in scene 2|status symbol|the state of the art in AI images
state of the art|explain the state of AI|show tracks of a deer in the snow|show the train tracks longer
show me the money|add a timeline of AI history|what is a timeline?|perfect timeline!|nice draft
make the timeline shorter|remove track 2|delete the tracks|mute all tracks|the video status text should be red
upload it to YouTube|upload the video to TikTok|explain how an upload works|add an upload icon
the upload arrow is upside down|uploading took long|upload a picture and explain it
upload robot.png and make a title|can I export for free?|is the export free of charge?|why did the export fail?
export quality should look cinematic, add grain|the download failed, what now?|add text "Download now"
write download in the corner|send me the video script as a caption|show me the video|generate a video
I want a video about robots|render the robot in blue|save the best for last|save|save it|a balance of power
how many robots are in the picture?|how many credits does generating a clip cost?|explain what rendering is
export business documentary|hello|thanks!|thank you|please|ok|make it better|what can you do?
translate the title into Chinese|add the word Status in the corner|call it State|不要导出|先别导出|别下载
导出之前加一个标题|导出后再加音乐|导出并添加音乐|把标题改成“导出”|标题写上下载|在片尾加上积分两个字
解释一下什么是积分|余额不足的提示做成字幕|平衡一下颜色|状态栏太丑了，裁掉|删除第二条轨道|轨道二静音|时间线缩短到20秒
给时间轴加一个标题|解释这张图片|加一个标题|生成视频|上传到抖音|上传按钮放大|解释上传的原理|把视频变短一点
把视频发给我妈妈看之前加个标题|你好|谢谢|请|做一个关于出口的视频|加背景音乐|撤销|我不想导出
"""


def sentences(table):
    return [text for line in table.strip().splitlines() for text in line.split("|")]


TABLES = {Intent.EXPORT: EXPORT, Intent.CREDITS: CREDITS, Intent.STATE: STATE, Intent.UPLOAD: UPLOAD}
TABLES |= {Intent.PREVIEW: PREVIEW, Intent.CHAT: CHAT}


@pytest.mark.parametrize(("intent", "text"), [(i, text) for i, table in TABLES.items() for text in sentences(table)])
def test_a_message_is_routed_by_what_it_asks_for(intent, text):
    assert route(text) is intent


LOOKS = {
    Look(): "preview|play it|播放视频|play from here|预览一下|preview the whole video",
    Look(start_s=5, end_s=10): "preview from 5 to 10 seconds|5-10 s|preview 0:05 to 0:10|between five and ten seconds|"
    "预览5到10秒|预览第5秒到第10秒|播放五到十秒|０:05–0:10",
    Look(start_s=2.5, end_s=60): "preview 2.5 s to 1 minute|预览2.5秒到1分钟",
    Look(start_s=60, end_s=120): "play 1 to 2 minutes|播放1到2分钟",
    Look(
        start_s=0, end_s=5
    ): "show me the first 5 seconds|the first five seconds|看前5秒|给我看前五秒|first few seconds",
    Look(last_s=1): "play the last second|播放最后一秒",
    Look(start_s=0, end_s=60): "show me the first minute",
    Look(last_s=3): "the last 3 seconds of the video|播放最后3秒|最後三秒",
    Look(start_s=12): "preview from 12 s on|从12秒开始播放|play from 0:12",
    Look(start_s=0): "play it from the beginning|从头播放",
    Look(scene=2): "preview scene 2|the second scene|show me clip #2|预览第2个场景|播放第二个片段|场景2",
    Look(scene=-1): "watch the last scene|请播放最后一个场景",
    Look(
        is_still=True, start_s=5
    ): "preview at 5 seconds|show me the frame from 5 s|preview 0:05|请预览第5秒|第5秒的画面",
    Look(is_still=True): "what does it look like?|画面",
}


@pytest.mark.parametrize(("look", "text"), [(look, text) for look, texts in LOOKS.items() for text in texts.split("|")])
def test_what_is_to_be_seen_is_read_from_the_words(look, text):
    assert look_of(text) == look
