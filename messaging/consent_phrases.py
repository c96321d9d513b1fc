"""The phrases by which people ask to be left alone: English, and a few Spanish ones for a person to look at.

A text is cut into sentences and clauses, and a phrase counts only where it is the whole clause but for polite and
hurried words around it. So "please take me off the list, thanks" opts out and "take me off the list for Friday" does
not: whatever a phrase goes on to say is for a person to read.

All functions take text as `consent_words` prepares it: lower case, plain apostrophes, no accents.
"""

import re
from typing import Final

# No request to stop is longer; it also bounds the work on a hostile text.
_MOST_WORDS: Final = 30

_ME: Final = r"(?:me|us|this (?:number|phone)|my (?:number|phone|cell|phone number|cell phone))"
_TEXTS: Final = r"(?:texts?|txts?|texting|text messages?|messages?|msgs?|messaging|sms(?: messages?)?|spam)"
_WHICH: Final = (
    r"(?:(?:all|any|more|of|these|those|this|that|your|ur|the|such|mass|group|automated|political|campaign|"
    r"marketing|spam|junk|unwanted|unsolicited|annoying|stupid|dumb|damn|constant|random) ){0,5}"
)
_PLURAL: Final = r"(?:texts|txts|texting|text messages|messages|msgs|messaging|sms(?: messages)?|spam)"
_ANY_TEXTS: Final = rf"{_WHICH}{_TEXTS}"
_LIST: Final = (
    r"(?:(?:(?:this|that|the|your|ur|all|any|every|of|these|those|text|texting|sms|message|messaging|phone|call|"
    r"contact|mailing|mass|distribution|group|email) ){0,5}(?:lists?|database|system|contacts|records)|"
    rf"{_ANY_TEXTS}|(?:this|the|your) (?:text )?(?:thread|chat)|(?:this|the|your) group (?:text|chat))"
)
_FROM_ALL: Final = rf"(?: (?:from|of) (?:everything|all|this|these|it|{_LIST}))?"
_TEXTING: Final = r"(?:texting|txting|messaging|contacting|spamming|bothering|harassing)"
_TEXT: Final = r"(?:text|txt|message|msg|contact|spam|bother|call or text|text or call|call and text|reach out to)"
_AGAIN: Final = r"(?:any ?more|(?:ever )?again|any longer|from now on|in the future|going forward)"
_WANT: Final = r"(?:i|we) (?:would like|want|wish|need|ask|request|prefer)|i'd (?:like|prefer)|i wanna|id like"
_NOT: Final = r"(?:do not|don't|dont|never|no longer)(?: ever)?"
_GET: Final = r"(?:get|getting|receive|receiving|recieve|recieving|see|have)"

# These name texts, a list, a number or consent: an opt-out whatever else the text says.
_STRONG: Final = (
    rf"(?:stop|quit|cease)(?: and desist)?(?: calling (?:and|or))? {_TEXTING}(?: (?:and|or) calling)?(?: {_ME})?",
    rf"(?:stop|quit|cease) sending(?: {_ME})?(?: (?:{_ANY_TEXTS}|these|this|those|them|stuff|things|anything|crap))?"
    rf"(?: to {_ME})?",
    rf"(?:stop|quit|cease)(?: with)?(?: my)? {_ANY_TEXTS}(?: to {_ME})?",
    rf"(?:end|cancel|discontinue)(?: my)? {_WHICH}{_PLURAL}(?: to {_ME})?",
    r"stop ?(?:to|2) ?(?:end|quit|stop|cancel|opt ?out|unsubscribe)",
    rf"(?:remove|delete|take|drop|get|scratch|cross|strike) (?:{_ME}|my (?:name|info|information|contact))"
    rf" (?:off of|out of|off from|off|from) {_LIST}",
    r"(?:remove|delete|erase|lose|forget) (?:my|this) (?:phone |cell )?number",
    rf"{_NOT} {_TEXT} {_ME} {_AGAIN}",
    rf"{_NOT} send(?: {_ME})? {_WHICH}{_PLURAL}(?: to {_ME})?",
    rf"no more {_ANY_TEXTS}(?: to {_ME})?",
    rf"i {_NOT} (?:want|wish|need|care)(?: (?:to|for))?(?: {_GET})? {_WHICH}{_PLURAL}(?: (?:to|on) {_ME})?",
    rf"i {_NOT} (?:want|wish) (?:you )?to (?:be (?:texted|messaged|contacted)|{_TEXT} {_ME})",
    rf"i {_NOT} (?:want|wish) to be (?:on|in|part of) {_LIST}",
    r"(?:unsubscribe|unsuscribe|unsubcribe|unsub|opt ?out|opt (?:me|us) out)(?: (?:me|us))?" + _FROM_ALL,
    rf"(?:(?:{_WANT}) to opt ?out|i opt ?out|(?:i'm |im |i am )?opting out){_FROM_ALL}",
    rf"(?:{_WANT}) to (?:unsubscribe|be unsubscribed|be opted out){_FROM_ALL}",
    rf"(?:{_WANT}) (?:to be )?(?:removed|taken|deleted|dropped|off|out)(?: off of| off| from| of)? {_LIST}",
    rf"(?:{_WANT}) to stop {_GET} {_ANY_TEXTS}",
    r"i (?:hereby )?(?:revoke|withdraw) (?:my|all) (?:consent|permission)|(?:revoke|withdraw) (?:my )?consent",
)
# These do not say what should stop: an opt-out where the text says nothing else.
_WORD: Final = r"(?:stop|stopall|unsubscribe|cancel|end|quit|revoke|optout)"
_WEAK: Final = (
    rf"{_WORD}(?: {_WORD})+",
    r"stop(?: (?:all|everything|it all))?|sto*pp+|stooo+p|quit|remove",
    r"(?:remove|delete) (?:me|us|my name)|take (?:me|us|my name) off",
    rf"{_NOT} {_TEXT} {_ME}",
    rf"(?:{_WANT}) to be (?:removed|taken off)",
)
_OPENING: Final = (
    r"(?:please|pls|plz|kindly|just|now|ok|okay|hi|hello|hey|hey there|sir|ma'am|maam|no|nope|yes|sorry|seriously|"
    r"again|and|so|go ahead and|thanks|thank you|wrong number|(?:you have|this is) the wrong number|"
    r"(?:i'm |im |i am )?not interested|"
    r"(?:i want|i need|i'd like|i would like|i'm asking|im asking|i am asking) you to|"
    r"i (?:have |already |have already )?(?:said|asked|asked you to|told you to|ask you to|ask that you)|"
    r"you (?:need to|have to|must)|(?:can|could|would|will) (?:you|u|someone|somebody|you guys|y'all|yall))"
)
_CLOSING: Final = (
    r"(?:please|pls|plz|thanks|thank you|thx|ty|ok|okay|now|right now|immediately|asap|already|at once|right away|"
    rf"{_AGAIN}|for good|forever|permanently|completely|at all|(?:at|on|to) (?:this|my) (?:number|phone)|"
    r"from you(?: guys| people)?|sir|ma'am|maam|bye|goodbye|god bless(?: you)?|"
    r"have a (?:nice|good|great|blessed) (?:day|evening|night|one))"
)


def _whole_clause(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """One or two of the phrases, with what may stand before and after them."""
    phrase = "(?:" + "|".join(phrases) + ")"
    return re.compile(
        rf"(?:{_OPENING} ){{0,5}}{phrase}(?: (?:{_OPENING} ){{0,2}}{phrase})?(?: (?:and )?{_CLOSING}){{0,4}}"
    )


_SAYS_WHAT: Final = _whole_clause(_STRONG)
_SAYS_LITTLE: Final = _whole_clause((*_STRONG, *_WEAK))
_POLITE: Final = re.compile(rf"(?:{_OPENING}|{_CLOSING})(?: (?:{_OPENING}|{_CLOSING})){{0,5}}")
_PLEASE: Final = re.compile(r" (?=(?:please|pls|plz) )")
_REQUEST: Final = re.compile(r"\b(?:can|could|would|will|please|pls|plz)\b|\bok(?:ay)?$")
# "Don't text me right now" asks for an hour's peace.
_FOR_NOW: Final = re.compile(r"\b(?:not|don't|dont|never)\b.*\bnow\b|\bfor now\b")
# Somebody else's words, conditions, exceptions and jokes.
_HEDGED: Final = re.compile(
    r"\b(?:if|unless|until|till|when|whenever|while|except|instead|for now|tonight|today|tomorrow|joking|kidding|jk|"
    r"(?<!\bi )(?<!\bhave )(?<!\balready )(?:says?|said|saying|tells?|told|asks?|asked|texted|wrote|replied))\b"
)
_ASIDE: Final = re.compile(r"\b(?:not|don't|dont|never|who|why|how|what|did|didn't|should)\b")

_STOP: Final = r"(?:stop|stops|stopped|quit|cease)"
_NO: Final = r"(?:not|don't|dont|didn't|didnt|never|no longer)"
_MENTIONS: Final = rf"(?:{_TEXTS}|{_TEXTING}|emails?|calls?|updates?|reminders?|alerts?|notifications?)"
_UNCLEAR: Final = re.compile(
    "|".join(
        (
            rf"^(?:{_OPENING} ){{0,5}}(?:stop|quit|cancel|end|revoke|remove|no more|opt|enough|basta)"
            rf"(?: (?:it|this|that|these|those|them|me))?(?: {_CLOSING}){{0,4}}$",
            r"^stop (?:please|pls|plz|it|this|that|i|im|i'm|you|u|who|what|why|my|dude)\b",
            rf"\b{_STOP} (?:with )?(?:(?:me|us|my|sending|getting|receiving|recieving) ){{0,3}}{_WHICH}{_MENTIONS}\b",
            rf"\b{_STOP} (?:sending|getting|receiving|recieving|these|calling|emailing)\b",
            r"\b(?:please|pls|plz|just) (?:stop|quit)\b(?! (?:by|in|at|over|for|and|on|off|to|the|worrying))",
            r"\b(?:make|want|need) (?:it|this|them|these|that|these texts|these messages) (?:to )?stop\b",
            rf"\b(?:cancel|end|discontinue) {_WHICH}(?:{_TEXTS}|subscription)\b",
            rf"\b(?:remove|removing|delete|erase|lose|forget) (?:{_ME}|my (?:name|info|information|contact))\b",
            rf"\b(?:take|taken|get) (?:{_ME}|my name) off\b|\b(?:drop|remove|removed|taken|deleted) (?:me )?from\b",
            rf"\b(?:off|from) {_WHICH}(?:\w+ )?(?:list|lists|database)\b|\b(?:why am|how did) i\b.*\bon\b.* list\b",
            r"\bi want (?:off|out)\b|\b(?:you|u|guys) to stop\b",
            r"\bunsub\w*|\bunsuscribe\b|\bopt(?:s|ed|ing)?(?: (?:me|us))? ?out\b|\boptout\b|\brevok\w+",
            rf"\b{_NO} (?:ever )?(?:{_TEXT}|call|send|email) (?:{_ME}|here|anymore)\b",
            rf"\b{_NO} (?:want|wanna|wish|need|care)\b(?: \w+){{0,3}} (?:{_MENTIONS}|texted|contacted|hear from)\b",
            rf"\b{_NO} (?:want|need) (?:this|these|those)$|\b(?:never|{_NO}) (?:agreed?|sign(?:ed)? up|consent\w*)\b",
            rf"\bno more {_WHICH}{_MENTIONS}\b|\b(?:tired|sick) of (?:the|these|this|your|getting|all)\b",
            r"\bnot interested\b|\bwrong (?:number|person)\b|\b(?:no longer|not) (?:a member|interested)\b",
            r"\bleave (?:me|us) (?:the \w+ )?alone\b|\bgo away\b|\b(?:f|fuck|piss|screw) (?:off|you)\b",
            r"\b(?:how|where) did (?:you|u) get (?:my|this) (?:number|info)\b|\bwho gave you (?:my|this) number\b",
            r"\bharass\w*|\b(?:spamming|tcpa|lawsuit|lawyer|attorney)\b",
            r"\b(?:block|report|sue)(?:ing)? (?:you|this)\b",
            r"\b(?:is|this|more|your|as) (?:spam|scam|a scam)\b",
            r"^(?:s t o p|st op|stpo|sotp|tsop|stp|stope|stoop|spot|sto|top|atop)$",
            r"^(?:alto|parar?|pare|parese|detener|cancelar|baja|salir)$|\bno (?:quiero|deseo) (?:mas|recibir|sus)\b",
            r"\b(?:deje|dejen|deja|pare|paren) de (?:mandar|enviar|escribir|molestar|textear)\w*",
            r"\bno mas (?:mensajes|textos)\b",
            r"\bno me (?:mande|manden|envie|envien|escriba|escriban|textee|texteen|moleste|molesten)\b",
            r"\b(?:quitenme|quiteme|borrenme|borreme|saquenme|saqueme)\b",
        )
    )
)
# "Please don't remove me" and "I can't stop laughing" ask for the contrary, or for nothing.
_CONTRARY: Final = re.compile(
    r"\b(?:do not|don't|dont|never|did not|didn't|not|can't|cannot|cant|won't|wont) "
    r"(?:(?:ever|want|wanna|you|going|trying|looking|mean|meaning|to|please|gonna) ){0,4}"
    r"(?:stop|quit|remove|delete|take|lose|unsubscribe|opt|cancel|revoke|be removed|be taken)\b"
    rf"(?! (?:getting|receiving|recieving|{_WHICH}{_TEXTS}\b))(?:(?! (?:but|and|or|so|just|please)\b).)*"
)


def is_clear(text: str) -> bool:
    """Whether the text asks beyond doubt not to be texted any more.

    It does where one of its clauses says so and names what is to stop, and also where it says no more than a word
    such as "stop please". Questions, other people's words, conditions and exceptions leave doubt.
    """
    kinds = [kind for sentence in _sentences(text) for kind in _kinds(sentence)]
    if "says what" in kinds and not _quotes(text):
        return True
    return bool({"says what", "says little"} & set(kinds)) and "other" not in kinds


def is_unclear(text: str) -> bool:
    """Whether something in the text may mean that no more texts are wanted. It may be true of a clear one too."""
    clauses = [clause for sentence in _sentences(text) for clause in _clauses(sentence)]
    return any(_UNCLEAR.search(_CONTRARY.sub(" ", clause).strip()) for clause in [*clauses, " ".join(clauses)])


def _kinds(sentence: str) -> list[str]:
    """What each clause is: "says what" should stop, "says little", "polite" or "other"."""
    clauses = _clauses(sentence)
    whole = " ".join(clauses)
    doubt = ("?" in sentence and not _REQUEST.search(whole)) or _FOR_NOW.search(whole)
    hedged = [bool(_HEDGED.search(clause)) for clause in clauses]
    return [
        "other" if doubt or sum(hedged) > is_hedged else _kind(clause)
        for clause, is_hedged in zip(clauses, hedged, strict=True)
    ]


def _kind(clause: str) -> str:
    if clause.count(" ") >= _MOST_WORDS:
        return "other"
    if _SAYS_WHAT.fullmatch(clause):
        return "says what"
    if _SAYS_LITTLE.fullmatch(clause):
        return "says little"
    if _POLITE.fullmatch(clause):
        return "polite"
    aside, *request = _PLEASE.split(clause, maxsplit=1)
    if request and not _HEDGED.search(aside) and not _ASIDE.search(aside) and _SAYS_WHAT.fullmatch(request[0]):
        return "says what"
    return "other"


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^.!?;\n]+[.!?;\n]*", text)


def _clauses(sentence: str) -> list[str]:
    """Its clauses, each as words with one space between."""
    parts = re.split(r"[,:()\[\]\"“”«»–—/|]| -+ |--", sentence)
    clauses = (" ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", part)) for part in parts)
    return [clause for clause in clauses if clause]


def _quotes(text: str) -> bool:
    """Whether part of the text is between quotation marks, and so may be somebody else's."""
    return bool(re.search(r"[\"“”«»]", text.strip(' \n\t.,!?"“”«»')))
