"""What somebody asks about a picture's making: how it was made, whether it is real, which model, who signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipynemo.concepts.evidence import Question

__all__ = ["question_about"]

_SIGNER = re.compile(
    r"\bsign(?:ed|er|ers|ature|atures)\b|\bcontent credentials?\b|\bcertificates?\b|签名|签的|谁签|签署|证书|数字签名"
)
_MODEL = re.compile(
    r"\bwhich (?:\w{1,12} ){0,2}(?:model|generator|ai)\b|\bwhat (?:ai |image |kind of |sort of )?(?:model|generator)\b"
    r"|\b(?:name|version) of the (?:model|generator)\b|\bmodel (?:was|is|did|made|used)\b"
    r"|(?:哪个|哪种|哪一个|哪款|什么|啥)(?:ai|人工智能|图像|生成)?(?:模型|生成器)|模型(?:是|叫)(?:什么|哪)|(?:用|由)(?:的是)?哪个ai"
)
_REAL = re.compile(
    r"\b(?:real|fake|genuine|authentic|deepfake|fabricated)\b|是真的|是假的|真的吗|假的吗|真实的|真假|真的照片|伪造|造假"
)
_MADE = re.compile(
    r"\b(?:ai|a\.i\.|artificial|generated|fake|real|synthetic|genuine|authentic|midjourney|dall-?e"
    r"|stable diffusion|deepfake)\b.{0,40}\b(?:made|generated|created|picture|image|photo|this|it)\b"
    r"|\b(?:made|generated|created|produced|drawn|painted|taken|photographed)\b.{0,40}\b(?:ai|a\.i\.|by|with"
    r"|how|camera|model|computer|software)\b"
    r"|\bis (?:it|this|that|the \w{1,10})(?: \w{1,10}){0,2} (?:real|fake|ai|genuine|authentic|a photo"
    r"|a real photo|generated)\b|\b(?:who|how)\b.{0,20}\b(?:made|created|generated|took|drew)\b"
    r"|\bhow (?:was|is|were) (?:this|it|the (?:picture|image|photo)|that)\b.{0,20}\b(?:made|created"
    r"|generated)\b|\bevidence\b|\bmetadata\b|\bc2pa\b|\bsynthid\b|\bwatermark\b"
    r"|(?:ai|人工智能|模型|电脑|机器|相机).{0,6}(?:生成|做|画|拍|制作|合成)|(?:生成|合成|真|假)的?(?:图"
    r"|照片)?(?:吗|么|\?|？)?$|怎么(?:做|生成|制作|拍|画|来)|谁(?:做|画|拍)|是真的|是假的|元数据|水印|证据"
    r"|是ai"
)


def question_about(text: str) -> Question | None:
    """Return which of the four questions a clause asks about a picture; None where it asks about something else."""
    if _SIGNER.search(text):
        return "signer"
    if _MODEL.search(text):
        return "model"
    if not _MADE.search(text):
        return None
    return "real" if _REAL.search(text) else "made"
