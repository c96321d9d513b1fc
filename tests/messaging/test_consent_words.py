import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messaging.consent_words import (
    HELP_WORDS,
    LONGEST,
    OPT_IN_WORDS,
    OPT_OUT_WORDS,
    YES,
    bare_word,
    is_clear_opt_out,
    is_unclear,
)

anything = settings(deadline=None)

RESERVED = sorted(OPT_OUT_WORDS | OPT_IN_WORDS | HELP_WORDS | {YES})

CLEAR = """
STOP
stop
Stop.
"Stop"
“STOP”
 STOP!!!
STOP 🛑
(stop)
Stopall
unsubscribe
Quit
cancel
End
Revoke
OptOut
Opt-out
opt out
Opt out please
STOP ALL
stop all
S T O P
S.T.O.P.
STOPPP
Stooooop
stop stop stop
STOP!! STOP!! STOP!!
Stop. Stop. Please stop.
stop please
Please stop
pls stop
Please stop!!! 😡
Please just stop
Just stop
Stop now
stop already
Stop, thanks
No thanks, stop
Hi, stop please.
Cancel stop
stop end quit
quit please
Remove
remove me
Remove me please
please remove
take me off
Please take me off
Please take me off.
delete me
please stop texting me
Please stop texting me!!
Stop texting me
stop texting
Please stop texting me at this number
Stop texting this number
stop messaging me
stop contacting me
Quit texting me
Quit bothering me
please stop spamming me
Cease and desist texting me
You need to stop texting me
I want you to stop texting me
I need you to stop messaging me immediately
I told you to stop texting me
I already asked you to stop texting me!
I said stop texting me
Can you stop texting me?
Can you please stop texting me?
Could you please stop sending me these texts?
Would you stop texting me
Will you please take me off this list?
stop sending me messages
Stop sending me texts
stop sending these
Stop sending me stuff
Please stop sending texts to my phone
stop all messages
Stop all texts please
stop these texts
Stop the texts
stop with the texts
Stop the spam
cancel all messages
Cancel these texts
end these messages
please discontinue these messages
STOP to opt out
stop to end
Stop2end
remove me from this list
Remove me from this list please
Please remove me from your list.
please remove me from your mailing list
Remove me from your text list
remove me from all your lists
Kindly remove me from your contact list, thanks
please remove my number from your list
Please remove my number
Delete my number
Delete this number please
Lose my number
lose my number!!
Forget my number
take me off this list
take me off your list
Take me off the list
Please take me off of this list. Thank you
Take my name off your list
Take us off your list please
get me off this list
Please get me off of this text list
I want off this list
I want to be removed from this list
I would like to be removed from your list
I'd like to be taken off the list please
Pls take me off ur list
Wrong number, please stop texting me
Wrong number please remove me
You have the wrong number. Please stop texting me.
Wrong number. Stop.
Not interested, remove me
I'm not interested. Take me off your list
Not interested please stop
I moved to Texas. Please take me off your list.
I moved to Texas please take me off your list
I don't know who this is. Stop texting me!
Thanks for everything, but I live in Ohio now. Please remove me from this list.
Hello, this is Maria. Please unsubscribe me. Thanks!
unsubscribe me
Please unsubscribe
please unsubscribe me from this list
Unsubscribe from all messages
unsuscribe
unsub
Opt me out
I opt out
I want to opt out
I'd like to opt out please
I would like to opt out of these messages
I wish to unsubscribe
I want to unsubscribe from this
I'm opting out
Opting out
opt out of all texts
I want to stop receiving these messages
I'd like to stop getting texts
do not contact me again
Do not text me again
don't text me
Don't text me anymore
Don’t text me any more
Dont text me again
Do not message me
please do not text this number again
Never text me again
don't ever text me again
Don't contact me anymore please
Please don't send me any more texts
don't send me messages
do not send me texts
Don't bother me again
No more texts
no more texts please
No more messages!
Please, no more text messages
I don't want these texts any more
I don't want these texts anymore
I do not want these messages
I don't want to get these texts
I don't want to receive any more texts from you
I no longer want to receive messages
I no longer wish to receive texts
I don't want to be on this list
I don't want to be contacted
I do not wish to be contacted again
I don't want your texts
I don't need these messages
I dont want any more messages
I don't want you to text me
I revoke my consent
Revoke consent
I withdraw my consent
Stop texting me and lose my number
Stop texting me, I'm not your friend
Ｓｔｏｐ ｔｅｘｔｉｎｇ ｍｅ
Ple​ase stop text​ing me
""".strip()

UNCLEAR = """
who is this?? stop it
stop 4
cancel 2
End: 10:30
Stop it
stop it!! that is too funny
Stop this
Leave me alone
leave me the hell alone
I have no idea who you are. Stop.
no more
No more please
No more texts about soccer, the rest is fine
Please stop texting me about soccer
Stop texting me until May
If you don't mind please stop texting me
Stop texting me if this is about money
My son said stop texting me
She said, stop texting me
My neighbor texted me "stop texting me"
He wrote: "remove me from this list"
how do I stop getting these?
How do I stop these messages?
How do I unsubscribe?
how can I opt out
Stop texting me?
Should I opt out?
Do I just text unsubscribe to you?
Why won't you stop texting me
You didn't stop texting me
I thought I unsubscribed
I already opted out
I opted out last week and still get texts
Didn't I tell you to stop
please stop I have no idea who this is
Stop I don't know you
Don't text me right now
Don't text me, call me
Don't text me after 9
please don't text me at work
Take me off, I can't make it on Friday
take me off this stupid thing
Take me off the list for Friday
Please take me off the volunteer list
Remove me from the soccer list please
I want off
I want these texts to stop
make it stop
please make these texts stop
wrong number
You have the wrong number
This is the wrong person
not interested
No longer interested, we moved
I'm no longer a member
I don't want to hear from you
I never signed up for this
I didn't sign up for these
How did you get my number?
who gave you my number
why am I on this list
This is harassment
this is spam
I'm reporting this
My lawyer will hear about this
I will block you
go away
fuck off
please cancel
Cancel it
stpo
STP
Alto
ALTO
parar
Pare
No más mensajes
no quiero más mensajes
Dejen de mandarme mensajes
Ya no me manden textos
stop sending me reminders
stop the reminders
I'm tired of these texts
I'm so sick of getting these
Stop emailing and texting me and everyone else in the house
remove me?
I don't need a text, I'll be there
Don't send me the text yet
Cancel the text about Friday, wrong date
Take me off speaker please, I mean off your list
""".strip()

ORDINARY = """
Stop by the hall at 5?
don't stop the music
Don't stop!
Yesterday was great
please don't remove me
I can't stop laughing
The bus stop is on Main Street
The bus stop is at the corner of 5th and Elm
When does it end?
when does the event end
cancel my registration for Friday
Can you cancel my spot on Saturday?
Is it cancelled?
Is practice canceled tonight?
They cancelled on us
I quit my job!
I quit smoking a year ago
She won't quit
Don't quit
The end
Weekend plans?
Let's end with a song
At the end of the day it's about the kids
Can we stop at the store on the way?
We will stop by after church
I'll stop over at noon
non-stop fun
One stop shop
Next stop: Denver
Full stop
The rain won't stop
It stopped raining
Pit stop in Pueblo
what stop do I get off at?
Get off at the second stop
Which bus stops there?
Truck stop on I-25
Can't stop won't stop
Stop and smell the roses
stop worrying, it will be fine
Please stop by the office
Please stop in and say hi
Please stop at the front desk first
Stop sign is down at Oak and 3rd
Start at 6 and stop at 8?
Does the shuttle stop running at 10?
When do the buses stop?
When do registrations stop?
yes
Yes!
YES please
No
no thanks
No thank you
Nope
ok
Thanks!
Thank you so much
See you there
On my way
JOIN
Maria Lopez
4
42
two adults and one child
I'll be there at 7
Will there be parking?
Can I bring a friend?
What time does it start?
Where is it?
Who is this?
Who's coming?
What's the address
How much does it cost
I am running late
Sorry I missed it
Count me in
Sign me up
Add me to the list please
Put me on the list
Please add my sister too
Am I registered?
Is there a wait list
Can you put us on the waiting list?
I'd like to volunteer
I can take the second shift
We have no more chairs
No more than 5 people per table
There is no more room in the car
Do not forget the cake
Don't forget the chairs
I don't want to miss it
I don't want any trouble, just asking
I don't need a ride
I don't know
Don't know yet
don't worry
Never mind
I never got the address
Text me the address
Please text me when it starts
Can you text me the details?
Send me the link
Call me
I got your message
I didn't get the message
I love these texts
Thanks for the texts!
I lost my phone, new number soon
This is my new number
My number changed
Please update my number
Take me to the church on Sunday?
Can you drop me off at noon?
Can you take my kids too
Please remove your shoes at the door
Remove the old flyers from the board
Delete the second photo
The music was nonstop
Bring drinks and a list of names
Who's on the shopping list?
What is on the list of things to bring?
I can help with the mailing
Do I need a consent form for my kid?
Do I have to opt for the vegetarian meal?
Out of town this week
I'm out
I'm in
We are out of milk
Is the office open today
I want to come
I'd like to be there
I want to be a speaker
I need help
help
info
How do I get more info?
START
unstop
Starting now?
Let me know
The event was revolutionary
Sounds like spam musibi night, yum
Great spam musubi!
We stopped for gas
Stopping for gas, 10 minutes late
The stopwatch is in the drawer
Bring the doorstop
Endless fun
Ending soon?
She is a quitter
Quite nice
Quitting time is 5
It's a backend job
Ended at 9
Cancellation policy?
Please don't cancel
Please do not cancel it
I hope they don't cancel
I don't want to opt out
please don't unsubscribe me
Do not remove me from the list
Don't take me off the list
Please don't delete my number
I'm not going to quit
I did not mean to cancel
I don't want to stop
Nos vemos el viernes
Gracias
¿A qué hora empieza?
Alto riesgo de lluvia hoy
Para mi hermana también
¿Dónde es la parada?
La parada del autobús
谢谢
Спасибо
شكرا
👍
❤️
:)
...
???
""".strip()


def lines(table):
    return [line for line in table.split("\n") if line.strip()]


def test_a_clear_request_is_an_opt_out():
    assert [body for body in lines(CLEAR) if not is_clear_opt_out(body)] == []


def test_unclear_wording_is_for_a_person():
    assert [body for body in lines(UNCLEAR) if is_clear_opt_out(body) or not is_unclear(body)] == []


def test_an_ordinary_sentence_is_left_alone():
    assert [body for body in lines(ORDINARY) if is_clear_opt_out(body) or is_unclear(body)] == []


def test_the_tables_are_long():
    assert len(lines(CLEAR)) >= 80
    assert len(lines(ORDINARY)) >= 120


# What may stand around a word: nothing of it is a letter, a digit or a mark on one.
surroundings = st.text(
    st.sampled_from(" \t\n.,!?;:'\"“”‘’«»()[]-–—…*_~🛑🙏❤\ufe0f\u200b\u200d\u2060\ufeff\u00a0\x00"), max_size=8
)


@anything
@given(st.sampled_from(RESERVED), st.data(), surroundings, surroundings)
def test_a_reserved_word_is_known_in_any_case_and_whatever_surrounds_it(word, data, before, after):
    spelt = "".join(data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in word)

    assert bare_word(before + spelt + after) == word


@anything
@given(st.sampled_from(sorted(OPT_OUT_WORDS)), surroundings, surroundings)
def test_a_reserved_opt_out_word_is_clear_whatever_surrounds_it(word, before, after):
    assert is_clear_opt_out(before + word + after)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("ＳＴＯＰ", "STOP"),
        ("st\u200bop", "STOP"),
        ("\ufeffStop\ufe0f", "STOP"),
        ("S\u00adTOP", "STOP"),
        ("join", "JOIN"),
        ("¡Sí!", "SÍ"),
        ("", ""),
        ("   ", ""),
        ("!?", ""),
        ("stop please", ""),
        ("stop\nplease", ""),
        ("stop\u00a0please", ""),
    ],
)
def test_a_text_is_read_as_one_word_or_none(body, word):
    assert bare_word(body) == word


@anything
@given(st.text())
def test_a_bare_word_is_one_word_and_stays_the_same(body):
    word = bare_word(body)

    assert len(word.split()) <= 1
    assert bare_word(word) == word


any_text = st.text(st.characters(), max_size=3000) | st.binary(max_size=3000).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)
vocabulary = lines(CLEAR + "\n" + UNCLEAR + "\n" + ORDINARY)
mixed_words = st.lists(
    st.sampled_from(sorted({word for line in vocabulary for word in line.split()})), max_size=60
).map(" ".join)


@anything
@given(any_text | mixed_words)
@example("\ud800stop\udfff texting me\x00")
@example("ﷺ" * 2000)
def test_no_text_is_clear_and_unclear_at_once(body):
    assert not (is_clear_opt_out(body) and is_unclear(body))


@anything
@given(
    st.sampled_from(lines(CLEAR)), st.sampled_from(["", "  ", "\n"]), st.sampled_from(["", " ", "!", " 🙏", "\n\n"])
)
def test_a_clear_request_is_clear_in_any_case_and_with_space_around_it(body, before, after):
    assert is_clear_opt_out(before + body.upper() + after)
    assert is_clear_opt_out(before + body.lower() + after)


@pytest.mark.parametrize(
    "body",
    [
        "stop " * 250_000,
        "no thanks please " * 70_000,
        "please stop texting me now and " * 40_000,
        "stop.\n" * 200_000,
        "i don't want to get all of these " * 40_000,
        " " * 1_000_000,
        "a" * 1_000_000,
        "\u200b" * 1_000_000,
        "ﷺ" * 500_000,
        "a\u0301" * 500_000,
    ],
)
def test_a_text_of_a_megabyte_is_answered_from_its_beginning(body):
    assert is_clear_opt_out(body) == is_clear_opt_out(body[:LONGEST])
    assert is_unclear(body) == is_unclear(body[:LONGEST])


def test_a_word_between_a_megabyte_of_spaces_is_that_word():
    assert bare_word(" " * 500_000 + "stop" + "\n" * 500_000) == "STOP"
