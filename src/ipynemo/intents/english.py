"""The English of buttons and panels."""

from __future__ import annotations

from ipynemo.intents.grammar import LABEL, Action, Grammar, laid_out

__all__ = ["ENGLISH"]

_CLICK = r"(?:(?:double|right|left)[- ])?(?:click|tap)\b(?: on)?"
_WIDGET = r"""
    (?:buttons?|icons?|menus?|tabs?|panels?|tool ?bars?|side ?bars?|drop-?downs?|check ?box(?:es)?|sliders?|toggles?|
    play ?head|space ?bar|timeline|inspector|corner of the (?:screen|editor|window))\b(?! of)
"""
_BUTTON = r"""
    (?:add|apply|cancel|close|confirm|continue|create|delete|done|edit|generate|go|import|insert|next|ok|play|preview|
    publish|redo|regenerate|remove|replace|reset|save|share|split|start|submit|trim|undo|upload|here)\b
"""
_PIECE = r"""
    (?:clips?|tracks?|segments?|titles?|texts?|images?|files?|handles?|edges?|ends?|sliders?|layers?|videos?|music|
    audio|timeline|canvas|play ?head|pictures?|photos?|media|captions?|assets?|elements?|it|them|this|that)\b
"""
_PLACE = r"""
    (?:panels?|tabs?|menus?|side ?bars?|tool ?bars?|settings|timeline|inspector|(?:media|asset) library|dashboard|
    dialog|workspace|editor|properties|(?:export|settings|editor|preview) (?:window|page|screen))\b(?! of)
"""
_SOMETHING = r"(?:the|your|an?|any|each|all|one|both|clips?|files?|images?|photos?|it|them|this|that|these|those)\b"
_VERB = r"""
    (?:you|simply|just|please|click|tap|press|open|drag|drop(?! \w+ to)|go to|select|choose|check|preview|hit|tell|
    let|use|
    export|download)\b
"""

ENGLISH = Grammar(
    split=laid_out(
        r"[,;] (?:(?:and|or|so|but|then) )*",
        rf",? (?<!drag )(?:and|or|then|so|but) (?:then )?(?={_VERB})",
        r" [—–-] ",
    ),
    lead=laid_out(
        r"""(?:(?:please|just|simply|then|next|now|first|second|third|finally|lastly|also|afterwards|alternatively|
        after that|and|or|so|but|to do (?:so|this|that|it)|when ready|once ready|from there|
        (?:go ahead|feel free) (?:and|to)|try to|be sure to|make sure to|remember to|don't forget to|
        all you need to do is|you(?:'ll| will)? (?:can|could|may|might|should|must|need to|have to|want to)|
        you(?:'ll| will| would)(?: need| have| want)?(?: to)?|i (?:suggest|recommend) (?:that )?you|
        it(?:'s| is) best to|either|always|easily|quickly|directly)\b[,:]? ?)*"""
    ),
    instructions=(
        (
            Action.CREDITS,
            laid_out(
                r"""(?:check|visit|go (?:back )?to|head (?:over )?to|open|see|view|review|manage|update|access|
                log ?in to|sign ?in to|look at|navigate to|click(?: on)?|top up (?:in|at|on))\b.{0,20}?
                \b(?:your|the) .{0,24}?\b
                (?:account|billing|subscription|wallet)\b(?! of)""",
                r"(?:check|visit|open|go to) (?:account|billing)\b",
            ),
        ),
        (
            Action.EXPORT,
            laid_out(
                rf"{_CLICK}.{{0,60}}?\b(?:export|download)\b",
                r"""(?:press|hit|select|choose|pick|push|use|find|locate|look for|open|go to|head to|navigate to|see|
                notice)\b.{0,40}?\b(?:export|download)\b.{0,12}?\b(?:button|icon|menu|tab|panel|option|dialog|page|
                window|link|settings)\b""",
                r"""(?:press|hit|select|choose)\b.{0,12}?\b(?:export|download)\b[^a-z]{0,4}
                (?:$|(?:to|in|from|at|when|and)\b)""",
                r"(?:the )?(?:export|download) button$",
                r"""(?:the|an?|your)\b.{0,12}?\b(?:export|download)\b[^a-z]{0,3}(?:button|option|icon|menu)\b[^a-z]{0,3}
                (?:is|can be|will be|appears?|sits?|in|at|on)\b""",
            ),
        ),
        (
            Action.EDIT,
            laid_out(
                rf"drag(?:(?:[- ]and[- ]|[-/ ])drop)? (?:and drop )?{_SOMETHING}.{{0,60}}?(?<=\W){_PIECE}",
                r"drag (?:it|them|this|that|clips?|tracks?|files?|images?|photos?)\b|drag(?:[- ]and[- ]|/)drop\b",
                rf"""drop {_SOMETHING}.{{0,40}}?\b(?:here\b|(?:in|into|onto|on) (?:the|your)
                (?: timeline| canvas| panel| box| area| upload| media))""",
            ),
        ),
        (
            Action.SUMMARY,
            laid_out(
                r"""(?:preview|watch|see|view|play|review|check(?: out)?|look at|find|scrub(?: through)?|inspect)\b
                .{0,80}?\b(?:in|on|inside|from|through|using) (?:(?:the|your) (?:\w+ )?)?(?:timeline|video player|
                preview (?:window|panel|pane|area|player|screen))\b(?! of| below| above|:)""",
                r"""(?:preview|check(?: out)?|see|view|review|look at|scrub through) (?:the|your)
                (?: updated| new| full| current)? timeline\b(?! of| below| above|:)""",
            ),
        ),
        (
            Action.STATE,
            laid_out(
                rf"""(?:open(?: up)?|go (?:back )?to|navigate to|head (?:over )?to|switch to|expand|access|return to|
                bring up|jump to|check(?: out)?)\b.{{0,4}}?\b(?:the|your|an?)\b.{{0,40}}?(?<=\W){_PLACE}""",
                rf"open (?:up )?[^a-z]{{0,3}}(?:\w+ ){{0,2}}[^a-z]{{0,3}}(?:{_PLACE})",
            ),
        ),
        (
            Action.DO,
            laid_out(
                rf"{_CLICK}.{{0,80}}?(?<=\W){_WIDGET}",
                rf"{_CLICK}[^a-z]{{0,6}}(?:the |that )?[^a-z]{{0,3}}{_BUTTON}",
                rf"{_CLICK}.{{0,24}}?{LABEL}",
                r"""(?:adjust|change|edit|tweak|set|fine-tune|customi[sz]e|modify|control)\b.{0,60}?
                \b(?:in|from|using|via|with) (?:the|your)(?: \w+){0,3}
                (?: panel| tab| menu| side ?bar| tool ?bar| inspector)\b(?! of)""",
                rf"""(?:press|hit|select|choose|pick|push|use|toggle|find|locate|look for)\b
                (?:.{{0,60}}?(?<=\W){_WIDGET}|(?: the)? {LABEL}{{1,24}} (?:from|in|at|on) the\b)""",
            ),
        ),
    ),
    content=laid_out(r"\b(?:in|of|from) the (?:picture|photo|photograph|image|painting|scene|background)\b"),
    condition=laid_out(
        r"""(?:(?:then|and|so|now) )?(?:to|when|whenever|if|once|after|before|for|in order|as soon as|should you|
        next|now|then|finally|first|lastly|from there|in the|at the|on the)\b"""
    ),
    belongs=laid_out(
        r"""(?:(?:and|or|then|so|just|simply) )*(?:choose|select|pick|set|wait|confirm|click|tap|press|hit|drag|drop|
        save|download|share|name|enter|type|adjust|move|release|open|go|use|enjoy|watch|preview|check|look|find|locate|
        hold|to|in order|so that|where|which|when|if|once|after|before|until|at the|in the|on the|from the|near|next to|
        below|above|under)\b"""
    ),
    sayings={
        Action.EXPORT: "You can export the video right here: session.export().",
        Action.STATE: "You can look at the current state right here: session.state().",
        Action.EDIT: "Just say here what should change: session.chat('…').",
        Action.SUMMARY: "You can see the timeline right here: session.draft().",
        Action.CREDITS: "You can see your credits right here: session.credits().",
        Action.DO: "Just say here what you want: session.chat('…').",
    },
    asking="Just ask for it here: session.chat('{}').",
    stop=".",
    gap=" ",
)
