"""The phrases by which people ask to be left alone: English, and a few Spanish ones for a person to look at.

A text is cut into sentences and clauses, and a phrase counts only where it is the whole clause but for polite and
hurried words around it. So "please take me off the list, thanks" opts out and "take me off the list for Friday" does
not: whatever a phrase goes on to say is for a person to read.

The patterns are for text as `consent_words` prepares it: lower case, plain apostrophes, no accents, and in a clause
one space between words and no punctuation.
"""

import re
from typing import Final

# No request to stop is longer; it also bounds the work on a hostile text.
MOST_WORDS: Final = 30

_PLEASE: Final = r"(?:please|pleas|plese|pls|plz)"
_YOU: Final = r"(?:you|u|you guys|y'all|yall)"
_ME: Final = (
    r"(?:me|us|this (?:number|phone|phone number|cell)|my (?:number|phone|cell|phone number|cell phone|cell number))"
)
_TEXTS: Final = r"(?:texts?|txts?|te?xting?|text messages?|messages?|msgs?|messaging|sms(?: messages?)?|spam)"
_WHICH: Final = (
    r"(?:(?:all|any|more|further|future|of|these|those|this|that|your|ur|the|such|mass|group|automated|political|campaign|"
    r"marketing|spam|junk|unwanted|unsolicited|annoying|stupid|dumb|damn|constant|random|fucking) ){0,5}"
)
_PLURAL: Final = r"(?:texts|txts|te?xting?|text messages|messages|msgs|messaging|sms(?: messages)?|spam)"
_ANY_TEXTS: Final = rf"{_WHICH}{_TEXTS}"
_MY_NAME: Final = r"my (?:name|info|information|contact|contact info)"
_THE: Final = r"(?:(?:this|that|the|your|ur|all|any|every|of|these|those|group|stupid|damn) ){0,5}"
# "The list" may be that of an event; these are of those who get texts.
_LIST_OF_TEXTS: Final = (
    rf"(?:{_THE}(?:(?:text|texting|txt|sms|message|messaging|phone|call|contact|mailing|mass|distribution|marketing|"
    rf"spam|email) lists?|lists|database|system|contacts|records)|{_ANY_TEXTS}|"
    r"(?:this|the|your) (?:text )?(?:thread|chat)|(?:this|the|your) group (?:text|chat))"
)
_LIST: Final = rf"{_THE}list"
_TEXTING: Final = r"(?:te?xting?|texing|txtn|messaging|contacting|spamming|bothering|bugging|pestering|harassing)"
_TEXT: Final = r"(?:text|txt|message|msg|contact|text or call|call or text|call and text)"
_REACH: Final = rf"(?:{_TEXT}|spam|bother|bug|reach out to)"
_AGAIN: Final = r"(?:any ?more|no more|(?:ever )?again|any longer|from now on|in the future|going forward)"
_I: Final = r"(?:i'm|im|i am|we're|we are)"
_WANT: Final = r"(?:(?:i|we) (?:would like|want|wish|need|ask|request|prefer)|i'd (?:like|prefer)|i wanna|id like)"
_NOT: Final = r"(?:do not|don't|dont|dnt|never|no longer)(?: ever)?"
_GET: Final = r"(?:get|getting|receive|receiving|recieve|recieving|see|have)"
_STOP: Final = r"(?:stop|quit|cease|discontinue)"
_REMOVE: Final = (
    rf"(?:remove|delete|take|drop|get|scratch|cross|strike) (?:{_ME}|{_MY_NAME})"
    r" (?:off of|out of|off from|off|of|from)"
)
_UNSUBSCRIBE: Final = rf"(?:un ?subscribe|unsuscribe|unsubcribe|unsubscibe|unscribe|unsub)(?: {_ME})?"
_OPT_OUT: Final = (
    rf"(?:opt ?out(?: (?:me|us))?|opt (?:me|us) out|i opt ?out|(?:{_I} )?opting out|"
    rf"{_WANT} to (?:opt ?out|be opted out))"
)
_BE_REMOVED: Final = rf"{_WANT} (?:to be )?(?:removed|taken|deleted|dropped|off|out)(?: off of| off| from| of)?"

# These name texts or consent: an opt-out whatever else the text says.
NAMES_TEXTS: Final = (
    rf"{_STOP}(?: and desist)?(?: calling (?:and|or)| fucking)? {_TEXTING}(?: (?:and|or) calling)?(?: {_ME})?",
    rf"{_STOP} sending(?: {_ME})?(?: (?:{_ANY_TEXTS}|these|this|those|them|stuff|things|anything|crap))?"
    rf"(?: to {_ME})?",
    rf"{_STOP}(?: with)?(?: my)? {_ANY_TEXTS}(?: to {_ME})?",
    rf"(?:end|cancel)(?: my)? {_WHICH}{_PLURAL}(?: to {_ME})?",
    r"stop ?(?:to|2) ?(?:end|quit|stop|cancel|opt ?out|unsubscribe)",
    rf"{_REMOVE} {_LIST_OF_TEXTS}",
    r"lose (?:my|this) (?:phone |cell )?number",
    rf"{_NOT} {_REACH} {_ME} {_AGAIN}",
    rf"{_NOT} send(?: {_ME})? {_WHICH}{_PLURAL}(?: to {_ME})?",
    rf"no (?:more|further) {_ANY_TEXTS}(?: to {_ME})?",
    rf"(?:i |we )?{_NOT} (?:want|wanna|wish)(?: (?:to|for))?(?: {_GET})? {_WHICH}{_PLURAL}(?: (?:to|on) {_ME})?",
    rf"(?:i |we )?{_NOT} (?:want|wish) (?:{_YOU} )?to (?:be (?:texted|messaged|contacted)|{_REACH} {_ME})",
    rf"(?:i |we )?{_NOT} (?:want|wish) to be (?:on|in|part of) {_LIST_OF_TEXTS}",
    rf"{_YOU} (?:do not|don't|dont|no longer) have (?:my )?(?:permission|consent) to {_REACH} {_ME}",
    rf"i {_NOT} consent to (?:{_GET} )?{_ANY_TEXTS}",
    rf"(?:(?:{_WANT} to )?{_UNSUBSCRIBE}|{_WANT} to be unsubscribed)"
    rf"(?: (?:from|of) (?:everything|all|this|these|it|{_LIST}|{_LIST_OF_TEXTS}))?",
    rf"{_OPT_OUT} (?:from|of) (?:everything|all|{_LIST_OF_TEXTS})",
    rf"{_BE_REMOVED} {_LIST_OF_TEXTS}",
    rf"{_WANT} to stop {_GET} {_ANY_TEXTS}",
    r"i (?:hereby )?(?:revoke|withdraw) (?:my|all) (?:consent|permission)|(?:revoke|withdraw) (?:my )?consent",
)
# The list may be that of an event, and the number an old one: an opt-out unless the text speaks of other things too.
NAMES_LIST: Final = (
    rf"{_REMOVE} {_LIST}",
    r"(?:remove|delete|erase|forget) (?:my|this) (?:phone |cell )?number",
    rf"(?:i |we )?{_NOT} (?:want|wish) to be (?:on|in|part of) {_LIST}",
    rf"i {_NOT} (?:need|care for)(?: (?:to {_GET}|{_GET}))? {_WHICH}{_PLURAL}(?: (?:to|on) {_ME})?",
    rf"{_OPT_OUT}(?: (?:from|of) (?:this|these|it|{_LIST}))?",
    rf"{_BE_REMOVED} {_LIST}",
)
# These do not say what should stop: an opt-out where the text says nothing else.
_WORD: Final = r"(?:stop|stopall|unsubscribe|cancel|end|quit|revoke|optout)"
NAMES_NOTHING: Final = (
    rf"{_WORD}(?: {_WORD})+",
    r"stop(?: (?:all|everything|it all))?|sto*pp+|stooo+p|st0+p|s t o p|quit|remove|cease(?: and desist)?",
    rf"(?:remove|delete) (?:{_ME}|{_MY_NAME})(?: from (?:this|here|everything|all))?",
    rf"take (?:{_ME}|{_MY_NAME}) off|(?:remove|delete) from {_LIST}",
    rf"{_NOT} {_REACH} {_ME}|{_NOT} {_TEXT}",
    r"no (?:more )?(?:texts|txts|text messages|texting|sms)(?: or calls)?",
    rf"{_WANT} to be (?:removed|taken off)",
)
_WRONG_NUMBER: Final = (
    rf"(?:(?:{_YOU} (?:have|got|have got)|you've got|this is|it's|its) (?:the|a) )?wrong (?:number|person)"
)
_OPENING: Final = (
    rf"(?:{_PLEASE}|kindly|just|now|ok|okay|hi|hello|hey|hey there|sir|ma'am|maam|no|nope|yes|sorry|seriously|"
    r"again|and|so|but|go ahead and|for the last time|for (?:god'?s|heaven's) sake|omg|ugh|dude|bro|"
    r"thanks|thank you|thanks but no thanks|"
    rf"(?:thanks|thank you) (?:so much|very much|for everything|for all you do)|{_WRONG_NUMBER}|"
    rf"(?:{_I} )?(?:not|no longer) interested|"
    rf"(?:i want|i need|i'd like|i would like|i'm asking|im asking|i am asking) {_YOU} to|"
    rf"i (?:have |already |have already )?(?:said|asked|(?:asked|told|ask) {_YOU} to|ask that {_YOU})|"
    rf"{_YOU} (?:need to|have to|must)|(?:can|could|would|will) (?:{_YOU}|someone|somebody))"
)
_CLOSING: Final = (
    rf"(?:{_PLEASE}|thanks|thank you|thx|ty|ok|okay|now|right now|immediately|asap|already|at once|right away|"
    rf"{_AGAIN}|for good|forever|permanently|completely|at all|(?:at|on|to) (?:this|my) (?:number|phone)|"
    rf"from you(?: guys| people)?|sir|ma'am|maam|dude|bro|bye|goodbye|god bless(?: you)?|{_WRONG_NUMBER}|"
    r"have a (?:nice|good|great|blessed) (?:day|evening|night|one))"
)
# Reasons to want no more texts, and no others: the list that somebody wants to leave is then ours.
_DID_NOT: Final = r"(?:never|did not|didn't|didnt)"
_REASON: Final = (
    r"(?:(?:because|since|as|bc|cuz|and|but) )?(?:"
    r"(?:i|we|i've|we've|i have|we have) (?:just |recently |already )?(?:moved|relocated)(?: (?:away|last \w+|"
    r"out of (?:state|town|the area)|(?:back )?to \w+(?: \w+)?|\w+ (?:years?|months?) ago)){0,2}|"
    r"(?:i|we) (?:(?:now )?live in \w+(?: \w+)? now|now live in \w+(?: \w+)?)|"
    rf"(?:i|we) {_NOT} (?:live (?:here|there|nearby|in \w+(?: \w+)?)|attend|(?:go|belong) (?:here|there))"
    rf"(?: {_AGAIN})?|"
    rf"(?:i {_NOT} know|i have no idea|idk|no idea) (?:who (?:this is|is this|{_YOU} are)|{_YOU}|this number)|"
    rf"who (?:is this|are {_YOU})(?: people)?|"
    rf"{_I} (?:not|no longer) a (?:member|resident)(?: {_AGAIN})?|"
    rf"(?:i|we) {_DID_NOT} (?:sign(?:ed)? up|subscribed?|agreed?|asked?)"
    rf"(?: (?:for|to) (?:this|these|it|{_ANY_TEXTS}))?|"
    rf"(?:i )?{_DID_NOT} g[ai]ve (?:{_YOU} )?(?:my number|permission|consent)|"
    rf"(?:(?:{_I} )?(?:so )?(?:sick|tired) of|(?:i get )?(?:way )?too many) (?:this|these|{_ANY_TEXTS})|"
    r"(?:this is|it's|its|that's) (?:spam|harassment)|"
    rf"(?:or )?(?:i'll|i will|{_I}) (?:block|report)(?:ing)? (?:{_YOU}|this number)|"
    r"my name is \w+(?: \w+)?)"
)


def _in_polite_words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """One of the phrases, with what may stand before and after it."""
    return re.compile(rf"(?:{_OPENING} ){{0,5}}(?:{'|'.join(phrases)})(?: (?:and )?{_CLOSING}){{0,4}}")


KINDS: Final = (
    ("texts", _in_polite_words(NAMES_TEXTS)),
    ("list", _in_polite_words(NAMES_LIST)),
    ("word", _in_polite_words(NAMES_NOTHING)),
    ("polite", re.compile(rf"(?:{_OPENING}|{_CLOSING})(?: (?:{_OPENING}|{_CLOSING})){{0,5}}")),
    ("reason", _in_polite_words((_REASON,))),
)
BEFORE_PLEASE: Final = re.compile(rf" (?={_PLEASE} )")
REQUEST: Final = re.compile(rf"\b(?:can|could|would|will|{_PLEASE})\b|\bok(?:ay)?$")
# "Don't text me right now" asks for an hour's peace.
FOR_NOW: Final = re.compile(r"\b(?:not|don't|dont|never)\b.*\bnow\b|\bfor now\b")
# Somebody else's words, conditions, exceptions and jokes.
HEDGED: Final = re.compile(
    r"\b(?:if|unless|until|till|when|whenever|while|except|instead|for now|tonight|today|tomorrow|joking|kidding|jk|"
    r"(?<!\bi )(?<!\bhave )(?<!\balready )(?:says?|said|saying|tells?|told|asks?|asked|texted|wrote|replied))\b"
)
# What takes back even "stop texting me", wherever in the text it stands: a joke, or a bad moment.
NOT_MEANT: Final = re.compile(
    r"\b(?:joking|kidding|jk|lol|lmao|ha(?:ha)+)\b|"
    rf"\b{_I} (?:just |still |so )?(?:busy|driving|asleep|sleeping|(?:at|in) (?:work|class|school|church))\b|"
    rf"\b{_I} in a meeting\b|"
    r"\bit'?s (?:so |too |very )?(?:late|early|midnight|\d+ ?[ap]m)\b"
)
ASIDE: Final = re.compile(r"\b(?:not|don't|dont|never|who|why|how|what|did|didn't|should)\b")

_STOPPED: Final = r"(?:stop|stops|stopped|quit|cease)"
_NO: Final = r"(?:not|don't|dont|didn't|didnt|never|no longer)"
_MENTIONS: Final = rf"(?:{_TEXTS}|{_TEXTING}|emails?|calls?|updates?|reminders?|alerts?|notifications?)"
_RELATIVE: Final = r"(?:husband|wife|mom|mother|dad|father|parents|son|daughter|brother|sister)"
# Nothing but a word or two, which may mean something else.
DOUBTFUL_CLAUSES: Final = (
    r"(?:stop|quit|cancel|end|revoke|remove|no more|opt|enough|deactivate|unlist)"
    r"(?: (?:it|this|that|these|those|them|me|all|everything))?",
    r"halt|desist|terminate|discontinue|delete|block(?:ed)?|reported|spam|scam|junk|stahp+|stap",
    r"(?:remove|delete|take off) (?:number|name|list)",
    r"(?:i want to )?leave (?:the|this|your) (?:group|list|chat|thread)",
    r"do not disturb|(?:do not|don't|dont) (?:call|spam|disturb)|i (?:do not|don't|dont) text",
    rf"no {_WHICH}(?:{_TEXTS}|calls|emails|reminders|notifications)(?: (?:and|or) \w+)?",
    r"knock it off|cut it out|shut up|stfu",
    r"st op|stpo|sotp|tsop|stp|stope|stoop|spot|sto|[adetwxz]?top",
    r"(?:alto|pare|paren|basta)(?: ya)?|ya (?:pare|paren|basta)|(?:ya )?no mas",
    r"parar?|parese|detener|detente|cancelar?|baja|salir",
)
DOUBTFUL_WORDS: Final = (
    # Stop, with more about it.
    rf"{_STOPPED} (?:with )?(?:(?:me|us|my|sending|getting|receiving|recieving) ){{0,3}}{_WHICH}"
    rf"(?:{_MENTIONS}|subscription)",
    rf"{_STOPPED} (?:sending|getting|receiving|recieving|these|calling|emailing|\w+ing (?:with )?(?:me|us))",
    rf"{_STOPPED} (?:all )?(?:contact|communicati\w+)|end all (?:contact|communicati\w+)",
    rf"refrain from {_TEXTING}|turn off {_WHICH}{_MENTIONS}",
    rf"(?:{_PLEASE}|(?<!\bi )(?<!\bthey )(?<!\bwe )just) (?:stop|quit)"
    r"(?! (?:by|in|at|over|for|and|on|off|to|the|worrying|here|before|when|outside|near)\b)",
    r"(?:make|want|need) (?:it|this|them|these|that|these texts|these messages) (?:to )?stop",
    rf"(?:{_TEXTS}|this|it|these) (?:must |(?:has|have|needs?) to |better )(?:stop|end)",
    rf"{_TEXTS} (?:ever )?(?:stop|end)$",
    rf"(?:cancel|end|discontinue) (?:my )?{_WHICH}(?:{_TEXTS}|subscription)",
    rf"how (?:do|can|could|would|to)(?: (?:i|we|{_YOU}))? (?:stop|quit|cancel|opt|end|get off)"
    r"(?: (?:it|this|these))?$",
    r"^(?:reply|respond|text|txt|send|type|say)(?: with)? (?:stop|end|quit|cancel)",
    rf"^stop (?:{_PLEASE}|it|this|that|all|i|im|i'm|you|u|who|what|why|my|dude|to \d+)",
    rf"i want (?:off|out)|{_YOU} to stop",
    # A list, a number, a name.
    rf"(?:remove|removing|delete|erase) (?:{_ME}|{_MY_NAME})|(?:lose|forget) (?:my|this) (?:number|info|contact)",
    rf"(?:take|taken) (?:{_ME}|my name) of|(?:take|taken|get) (?:{_ME}|my name) off|(?:drop|remove) (?:me )?from",
    rf"(?:remove|delete|take) (?:(?:her|his|their|\w+'s) (?:number|name)|her|him|my (?:late )?{_RELATIVE})",
    rf"{_PLEASE} (?:remove|delete)$|exclude {_ME}",
    r"i\b.* (?:be|been|get|was|got) (?:removed|taken off|deleted|dropped)",
    r"(?:(?:me|us|my (?:number|info|name)|want|get|be|been|removed|taken) |^)(?:off of|off|of|from|out of) "
    rf"{_WHICH}(?:\w+ )?(?:lists?|database)",
    r"(?:why am|how did) i\b.*\bon\b.* list",
    r"unsub\w*|un subscribe|unsuscribe|opt(?:s|ed|ing)?(?: (?:me|us))? ?out|optout|revok\w+",
    # No texts.
    rf"(?<!\bdid ){_NOT} (?:{_REACH}|call|send|email) (?:{_ME}|here|anymore)",
    rf"(?<!\bdid ){_NOT} {_TEXT}(?:$| (?:at|after|before|during|so|this))",
    rf"{_NO} (?:want|wanna|wish|need|care)\b(?: \w+){{0,3}}"
    rf" (?:{_MENTIONS}\b(?! (?:{_YOU}|to)\b)|texted|contacted|hear from)",
    rf"{_NO} (?:want|need) (?:any )?(?:more )?(?:of )?(?:this|these|those)$",
    rf"(?:rather|prefer) not (?:to )?{_GET} (?:this$|these$|{_ANY_TEXTS})",
    r"(?:rather|prefer) not (?:to )?be (?:texted|contacted)",
    rf"(?<!why )(?:don't|dont) {_YOU} ever {_REACH} {_ME}|{_TEXT} {_ME} no (?:more|further)",
    rf"{_NO} give (?:{_YOU} )?(?:my )?(?:permission|consent)(?! slip| form)",
    rf"(?:{_YOU} are|you're) (?:not|no longer) (?:allowed|authori[sz]ed|permitted) to {_REACH} {_ME}",
    rf"{_NO} (?:agreed?|sign(?:ed)? up|subscribed?|consent\w*)"
    rf"(?:$| (?:for|to) (?:this|these|it|that|any\w*|get|receive|be (?:texted|contacted)|{_ANY_TEXTS}))",
    rf"{_NO} ask(?:ed)? (?:for (?:this|these)|to (?:get|receive|be)\b)|{_NO} ask(?:ed)? for {_WHICH}{_TEXTS}",
    rf"no more {_WHICH}{_MENTIONS}|(?:too|so) many {_TEXTS}|blowing up my|enough (?:with|of) {_WHICH}{_TEXTS}",
    rf"(?:tired|sick) of (?:getting|receiving|hearing|this$|these$|it$|{_YOU}\b|{_WHICH}{_MENTIONS})",
    rf"why (?:are|r|do) {_YOU} (?:still |keep |always )?{_TEXTING}|keeps? {_TEXTING}",
    rf"why (?:am|do) i (?:still |keep )?get\w*\b.*\b{_TEXTS}",
    rf"{_TEXTS} (?:are|is) (?:so |very |really |too )?(?:annoying|unwanted|much)",
    rf"(?:this is|{_YOU} are|you're) (?:so )?annoying$",
    # Who is this to text me.
    r"(?:not|no longer) int(?:e?re?|er)sted|no interest|no longer a member|not a member any ?more",
    r"wrong (?:number|num|person)(?! of)|(?:not|isn't|no longer) (?:her|his|their|\w+'s) (?:number|phone|cell)",
    r"belongs to some(?:one|body) else|by that name",
    r"(?:does not|doesn't|doesnt|no longer) (?:has|have|uses?) this (?:number|phone)",
    rf"(?:how|where|why)(?: did|'d| do)? {_YOU} (?:get|got|have) (?:my|this) (?:number|info|name)",
    rf"who gave {_YOU} (?:my|this) number|who signed me up",
    rf"{_DID_NOT} g[ai]ve (?:\w+ )?(?:my number|permission|consent)|without my (?:consent|permission)(?! slip| form)",
    rf"{_YOU} {_NOT} have (?:my )?(?:permission|consent)",
    r"leave (?:me|us) (?:the \w+ )?alone|leave me be|go away|get lost|go to hell",
    r"(?:f|fk|fuck|piss|screw|buzz) (?:off|you|u)",
    r"harass\w*|spamming|unsolicited|tcpa|fcc|ftc|lawsuit|do not call (?:list|registry)|no solicit\w+",
    r"my (?:lawyer|attorney) (?:will|is|and|says|has)|call the (?:police|cops)",
    rf"(?:block|report|sue|blocking|reporting|suing) (?:{_YOU}|this(?:$| (?:number|text|as|to)))",
    rf"blocked {_YOU}|reported (?:to|as)|(?:is|this|more|your|as) (?:spam|scam|a scam|junk)",
    # In Spanish.
    r"no (?:quiero|deseo) (?:mas|recibir|sus|estos|mensajes|textos)|no (?:mas )?(?:mensajes|textos)",
    r"(?:deje|dejen|deja|pare|paren) de (?:mandar|enviar|escribir|molestar|textear)\w*|dejar de recibir",
    r"no (?:me|nos) (?:mandes?|manden|envies?|envien|escribas?|escriban|textees?|texteen|molestes?|molesten|"
    r"contactes?|contacten|llames?|llamen)|no molest(?:ar|en)",
    r"(?:deja|deje|dejen)(?:me|nos) (?:en paz|tranquil[oa])|(?:numero|persona) equivocad[oa]",
    r"(?:quita|quite|quiten|borra|borre|borren|saca|saque|saquen|elimina|elimine|eliminen)(?:me|nos)",
    r"(?:quit|borr|elimin)(?:a|e|en|ar) (?:mi|este) (?:numero|nombre)|(?:dar|darme|deme|denme) de baja",
    r"no me interesa|no estoy interesad[oa]|cancel\w+ (?:los |estos |sus )?(?:mensajes|textos)",
)
UNCLEAR: Final = re.compile(
    rf"^(?:{_OPENING} ){{0,5}}(?:{'|'.join(DOUBTFUL_CLAUSES)})(?: (?:{_CLOSING}|por favor|gracias)){{0,4}}$|"
    rf"\b(?=\w)(?:{'|'.join(DOUBTFUL_WORDS)})(?!\w)"
)
# "Please don't remove me" and "I can't stop laughing" ask for the contrary, or for nothing.
CONTRARY: Final = re.compile(
    r"\b(?:do not|don't|dont|never|did not|didn't|not|can't|cannot|cant|won't|wont) "
    r"(?:(?:ever|want|wanna|you|going|trying|looking|mean|meaning|to|please|gonna) ){0,4}"
    r"(?:stop|quit|remove|exclude|delete|take|lose|unsubscribe|opt|cancel|revoke|be removed|be taken)\b"
    rf"(?! (?:getting|receiving|recieving|{_WHICH}{_TEXTS}\b))(?:(?! (?:but|and|or|so|just|please)\b).)*"
)

# How the words begin, up to four letters, of which every text that is clear or unclear has one. Most texts have none.
# They are to stop, to leave; texts, lists, numbers; against one's will; in Spanish.
_BEGINNINGS: Final = """
stop sto stoo stp stpp stpo sotp tsop st0p st00 stah stap spot top atop dtop etop ttop wtop xtop ztop op o quit ceas
disc end canc revo halt desi term enou deac remo dele eras drop take off unsu unsc unli opt opto opte opti opts
subs leav more cut shut stfu dist

text txt txts txti txtn texi mess msg msgs sms spam scam junk list data syst cont reco thre chat numb phon cell info
name send call emai upda remi aler noti

want need hear perm cons agre sign ask aske tire sick bug bugg both pest hara reac blow away lost hell wron inte
intr memb fuck fk f piss scre buzz bloc repo sue suin unso soli tcpa fcc ftc laws lawy atto anno belo
rath pref excl

alto para pare bast mas dete baja sali quie dese mens deje deja mand envi escr mole llam equi borr saca saqu elim
"""
BEGINNINGS: Final = frozenset(_BEGINNINGS.split())
