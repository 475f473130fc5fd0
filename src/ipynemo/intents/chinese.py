"""The Chinese of buttons and panels, in simplified and traditional characters."""

from __future__ import annotations

from ipynemo.intents.grammar import LABEL, Action, Grammar, laid_out

__all__ = ["CHINESE"]

_WIDGET = r"""
    (?:按钮|按鈕|面板|菜单|菜單|选项卡|選項卡|标签页|图标|圖標|侧边栏|工具栏|下拉|滑块|滑塊|时间线|時間線|时间轴|時間軸|
    对话框|界面|右上角|左上角|右下角|左下角|画布|属性栏)
"""
_BUTTON = r"""
    (?:生成|保存|应用|確認|确认|确定|上传|播放|预览|完成|添加|分享|发布|撤销|重做|删除|分割|剪切|下一步|这里|此处|編輯|编辑)
"""
_CLICK = r"(?:点击|點擊|单击|單擊|双击|点按|点选|轻点|点一下|按下|按一下)"
_PIECE = r"""
    (?:片段|素材|文件|图片|圖片|照片|音乐|音樂|音频|视频|視頻|字幕|标题|標題|文字|滑块|时间线|時間線|时间轴|時間軸|轨道|
    边缘|画布|图层|面板|它)
"""
_EXPORT = r"(?:导出|導出|匯出|下载|下載)"
_TIMELINE = r"(?:时间线|時間線|时间轴|時間軸|预览窗口|预览面板)"
_WATCH = r"(?:预览|預覽|查看|观看|看到|检查|播放)"

CHINESE = Grammar(
    split=laid_out(r"[，,；;] ?|——| - "),
    lead=laid_out(
        r"""(?:请|請|您|你|可以|可|只需要|只需|只要|需要|应该|随时|直接|然后|然後|接着|接下来|之后|最后|最後|现在|現在|首先|先|
        再|也|还|並|并|或者|或|就|即可|建议|不妨|试着|务必|记得|要|去|来|通过|使用|轻松|下一步[:：]?|
        (?:在|从|從|到)(?!时间|時間|预览)[^，。\n]{1,14}?(?:上|中|里|裡|内|角|侧|側|边|面板|处|栏|方|的|菜单|工具)+)*"""
    ),
    instructions=(
        (
            Action.CREDITS,
            laid_out(
                r"""(?:查看|检查|檢查|确认|前往|进入|打开|管理|访问|登录|点击|看看|看一下|查询).{0,10}?
                (?:账户|帳戶|账号|账单|帳單|订阅|訂閱|会员|钱包|计费)"""
            ),
        ),
        (
            Action.EXPORT,
            laid_out(
                rf"(?:{_CLICK}|按|选择|找到|打开|進入|进入|使用).{{0,24}}?{_EXPORT}",
                rf"{_EXPORT}(?:$|您?的?(?:视频|視頻|影片|成片|作品|文件|MP4|它|了|即可|吧))",
                rf"[^的，。]{{0,6}}{_EXPORT}[^\w]{{0,2}}(?:按钮|按鈕|选项)(?:在|位于|就在)",
            ),
        ),
        (
            Action.EDIT,
            laid_out(
                rf"(?:拖拽|拖动|拖動|拖放|拖入|拖到|拖至|拖进).{{0,24}}?{_PIECE}",
                rf"(?:将|將|把).{{0,20}}?{_PIECE}.{{0,10}}?拖",
            ),
        ),
        (
            Action.SUMMARY,
            laid_out(
                rf"{_WATCH}.{{0,16}}?{_TIMELINE}",
                rf"在?.{{0,6}}?{_TIMELINE}[上中里裡内]?.{{0,4}}?{_WATCH}",
            ),
        ),
        (
            Action.STATE,
            laid_out(
                rf"""(?:打开|打開|进入|進入|前往|转到|切换到|展开|访问|回到).{{0,16}}?
                (?:{_WIDGET}|设置|設置|素材库|媒体库|编辑器|工作区|窗口)"""
            ),
        ),
        (
            Action.DO,
            laid_out(
                rf"{_CLICK}(?:.{{0,24}}?(?:{_WIDGET}|{LABEL})|.{{0,3}}{_BUTTON})",
                rf"(?:选择|選擇|使用|按|找到|选中|勾选).{{0,16}}?{_WIDGET}",
            ),
        ),
    ),
    content=laid_out(r"(?:画面|照片|图片|场景|背景)(?:中|里|上)的"),
    condition=laid_out(
        r"(?:如果|若|如需|如|当|當|要|为了|為了|想|等|在|下一步|接下来|最后|然后|现在|首先).*",
        r".*(?:后|後|时|時|的话|的話)$",
    ),
    goes_on=laid_out(r"(?:或者|或|也可以|并且|但)*(?:告诉我|告訴我|跟我说|我|视频|視頻|它会|说)"),
    sayings={
        Action.EXPORT: "您可以直接在这里导出视频：session.export()。",
        Action.STATE: "您可以直接在这里查看当前状态：session.state()。",
        Action.EDIT: "在这里直接说出想要的修改即可：session.chat('…')。",
        Action.SUMMARY: "您可以直接在这里查看时间线：session.draft()。",
        Action.CREDITS: "您可以直接在这里查看积分：session.credits()。",
        Action.DO: "在这里直接说出您的要求即可：session.chat('…')。",
    },
    asking="在这里直接说就可以：session.chat('{}')。",
    stop="。",
    gap="",
)
