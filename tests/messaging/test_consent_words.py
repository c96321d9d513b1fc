from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messaging import consent_words
from messaging.consent_phrases import DOUBTFUL_CLAUSES, DOUBTFUL_WORDS, NAMES_LIST, NAMES_NOTHING, NAMES_TEXTS
from messaging.consent_words import (
    HELP_WORDS,
    OPT_IN_WORDS,
    OPT_OUT_WORDS,
    YES,
    Wording,
    bare_word,
    is_clear_opt_out,
    wording,
)
from messaging.encoding import MAX_CHARACTERS

ALL_PHRASES = [*NAMES_TEXTS, *NAMES_LIST, *NAMES_NOTHING, *DOUBTFUL_CLAUSES, *DOUBTFUL_WORDS]
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
DO NOT TEXT
Do not text.
Do not contact
DO NOT CONTACT!!
dont text
Dont text please
please do not text or call
no texts please
No texts, please.
NO TEXTS!!!
no txts pls
cease and desist
CEASE AND DESIST.
wrong number please remove
Wrong number. Please remove.
Not interested please remove
Take me of this list
take me of ur list plz
ST0P
plz stop
pls stop txting me
stop txting
STOP TXTS
stop msgs
stop sending me txts
u need to stop texting me
can u stop texting me?
could u plz take me off this list
i want u to stop texting me
dont txt me
dont msg me anymore
don't text me no more
Do not text this number
dont text this number again
quit txting me
pleas stop texting me
please do not send texts to this number
I dont want ur texts
i dont wanna get these texts
Don't want these texts
no longer want texts
You don't have my permission to text me
I do not consent to these messages
Discontinue texts
stop texting me u have the wrong number
Stop texting me, I don't know you
Stop texting me I don't know you
Please stop texting me, I moved to Ohio
Please stop texting me because I moved to Ohio
Please stop texting me, I can't make it to any of these
remove me from your list, wrong number
Please take me off the list, I moved to Ohio
Please take me off your list, I no longer live in Denver
Please remove me from your list. I never signed up for this.
take me off this list, who is this
Remove me from the list, I have no idea who this is
I'm not a member anymore. Please take me off the list. Thank you!
take me off the list or I'll report you
Remove me from your mailing list, I can't come to these any more
Unsubscribe, I have to work on Sundays
un subscribe
Un-subscribe please
unsubcribe
opt me out
opt out please
OPT OUT NOW
take my name off
take my name off please
take my number off your list
take this number off your list
remove my name
remove my number from ur contacts
delete my number
Delete my number please, wrong person
delete me from your system
remove this phone number
lose my number
lose my number, whoever you are
stop bugging me
stop texting my phone
no more txts
No more texts or I'll block you
S T O P please
Remove from list please
wrong number remove me
Remove me wrong number
stop wrong number
for the last time stop texting me
Thanks for everything, please take me off your list
STOP!!! I said STOP
I want out of this group chat
take me off these texts, I can't make it anyway
please remove me from this group text
Unsubscribe this number please
Can u please remove my number
stop contacting this number
omg stop texting me
for god's sake stop
do not call or text
take my # off your list
remove my #
My mother died, please stop texting this number
Take me out of your system
No further texts please
No further messages
I don't wish to receive any further messages
Please do not send any further messages
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
how do I stop?
How do I stop this
how to stop
how can i opt out of this
Reply STOP
text STOP
STOP to 12345
no mas
no más!
NO MAS MENSAJES
no text
no text please
no messages
No msgs please
please take me off the list, I can't make it
Please take me off the list, I can't come
take me off the list, I won't be there
take me off the list, have to work
Take me off the list, change of plans
take me off the list please, I'm sick
Take me off the list. Busy that day, sorry!
Remove me from the list, something came up
I can't make it please take me off the list
I have to work Saturday. Please remove me from the list.
Sorry, take my name off the list, my car broke down
take me off your list, my kid has a game
I want off the list, can't bring a dish after all
opt me out, I can't make it
Take me off the list, put my sister on
Please delete my number, I have a new one
Remove my number, use my wife's
I don't need texts, I'll be there
Please stop texting me, I'm driving
Stop texting me, I'm at work
Stop texting me. Just kidding!
stop texting me, it's 3am
stop texting me lol
stahp
Stahp!!
Leave us alone
leave me alone please
Who is this? Stop
who is this? stop it
wrong person
Not intrested
no longer interested
not interested thanks
I didn't sign up for this
i didnt sign up for these texts
I never signed up
I never gave you my number
I never gave you permission to text me
didn't ask for this
I didn't agree to get texts
who signed me up for this
block
blocked
Blocking you
blocking this number
reported
Reported as spam
reporting this as junk
spam
SPAM!!!
junk
is this a scam
do not call
Don't call me
DO NOT DISTURB
stop calling me
stop emailing me
Stop inviting me
stop asking me for money
enough already
enough
shut up
knock it off
Get lost
delete
delete please
remove number
take off list
off the list please
i don't text
we don't text, please call
Please don't text at night
dont text so early
Too many texts
so many messages!
these texts are annoying
your texts are so annoying
why are you texting me
Why do you keep texting me
why am I getting these texts
who are you and why do you have my number
where'd you get my number
how did u get my number
this has to stop
these texts need to stop
no soliciting
unsolicited texts are illegal
you're on the do not call list
I'm calling the FCC
I will call the police
I want to leave this group. Stop.
leave the group
cancel my subscription
i should have been removed from this
I asked to be removed
How do I get off this list
take me of this stupid thing
I'm sick of this
this is not his number anymore
No longer Maria's phone
alto ya
Alto por favor
ya basta
Basta!
Paren ya
no me escriban mas
No me escriban más por favor
no me llamen
Ya no me manden mensajes
no molestar
Déjenme en paz
dejame en paz
número equivocado
Numero equivocado, no soy Juan
quítenme de la lista
bórrenme
sáquenme de esta lista
elimine mi número
no me interesa
No estoy interesada
quiero darme de baja
cancelar mensajes
no quiero mensajes
Take me off please I moved
Stop all communication
refrain from texting me
this is annoying
Enough with the texts
wrong #
no one here by that name
Maria doesn't have this number anymore
My mom passed away. Please take her name off your list.
No calls or texts please
Turn off notifications
Please remove my late husband from your list
go to hell
Please do not text me any further
You are not allowed to text me
You're not authorized to contact this number
I do not give you permission to text me
Text me no more
Don't you ever text me again
I do not want any more of these
I'd rather not get these
I'd rather not receive texts
I would prefer not to be texted
Please exclude me from future texts
I do not give consent to be texted
I prefer not to receive these messages
Please end all communication with me
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
No text needed
No text necessary, I have it
can you text me the address
remove the chairs
I have to cancel my order
You didn't text me the address
You didn't send me the link
Sorry I didn't want to text you so late
I can bring anything from the list
I'll take the pie from the list
Is salad off the list?
Which dishes are left on the list
Cross off cookies, I have them
I just quit my job so I have time to help
They just stopped by
I'm sick of the rain
so tired of all this snow
I'm sick today
I can't make it, sorry
I can't make it on Friday
Won't be there, have to work
change of plans, we can't come
block party sounds great
The road is blocked at Elm
Two blocks from the church
Block 4 lot 12
I want to report this pothole
The signs were removed from the yard
My lawyer friend can help
Maria and Jose Lopez
Stopa, Anna
Bob Stone
Endicott
Quito
Tamales
spam musubi and rice
Two dozen cookies
Chicken with no more than two sides
no nuts please
no onions
No pork, please
None
None of the above
no more than 3
3 adults 2 kids
between 5 and 6
6:30 pm
after church
Not sure yet
Maybe
I don't think so
I'm not coming
not going
not this time
I didn't sign up yet, is it too late?
Did I sign up?
I never signed the waiver, can I do it there?
I'm not on any list
wrong date on the flyer
You have the wrong address on the flyer
I went to the wrong room
It ended already?
what time does the potluck end
Stopping at the store, need anything?
We stop serving at 8
Do I stop at the gate
Can the bus stop at my street?
The music has to end by 10
Does the 15 bus stop there?
How do we end the evening?
How do I get there
how do I sign up
how do I get my ticket
How can I help
Please don't forget the keys
don't call the caterer yet
Do not contact the vendor yet
Don't text and drive everybody
I could not text so I called
I lost your number
my number is 303-555-0142
New phone number: 303-555-0142
Is my name on the list?
put my name down for two
Take me with you
I can take two people
Take exit 12 off I-25
Delete the old version
Take down the tents
take off your shoes
I'd drop off the food at noon
Kids off school that day
Off to work now
I'm interested
Interested!
very interested, tell me more
leave at 5
Leave the door open
We will leave it with the front desk
I left my coat there
I need a ride home
We need more volunteers
I want more information
I want the vegetarian one
Email me please
Please call me
Call my cell
I'd prefer a call
Texts are fine
text is best
Yes you can text me
I love getting these
Great messages, keep them coming
The message was cut off
Got a message from Ana
Thanks for the reminder
Thanks for the update!
Thank you for reaching out to me
All of us
My kids graduated!
We moved to Ohio but will visit
I moved the chairs
Opting for the veggie plate
Which option is cheaper
We are out of town
Can I opt for a later slot
Reply to Ana please
¿Puedo llevar a mi hija?
No puedo ir
No me mandaron la dirección
para dos personas
Más tarde
No gracias
Sí, más información
No tengo carro
Bajamos en la parada
Alta
The quilt is at the end table
Finish line at the end of Pine Street
Season's over, see you next year
Enough food for 20
One is enough
that's enough chairs
I asked Ana to bring chairs
Said yes already
Sure, I'll bring chips and salsa
Name is Taker Johnson
I need 3 seats please
I want to sign my daughter up
Please sign us up for two
I want the chicken
more chicken please
no more chicken please
One more thing, where do we park?
Is there any more room?
Send me the flyer
please send the list
Can you send me a text when it starts
Can you send me the list of what's needed
my name is Ana
Remove one kid from my order
Please remove the onions
Take one of the chairs off the list, we have enough
Please take salad off the list, I'm bringing pie
cross pie off the list
I'm off on Friday
I'm off from work at 5
I get off at 5
I can get off work early
What's left on the list?
Out of the country until May
Cancel my order
Please cancel my order for the tamales
Cancel my two seats
Can I cancel?
Do I need to cancel?
Cancel my RSVP
cancel my spot
Have to cancel, sorry
I need to cancel
We need to cancel Friday
We canceled ours
I need to stop by your office
We'll stop at 5
Rain stopped
bus stops here
Where's the nearest stop?
the 14 stop
Stopping by
dead end street
end of June
weekend works
I'll end up late
We quit early
quitting time 5pm
I quit coffee
It's spam I think
Got a scam call claiming to be you, is this real?
is this real
who dis
Is this the church?
Who is this
who is this please
How did you get so many people?
How did you get the hall?
Sick kid, staying home
Sick today sorry
So sick, can't come
I am tired
Tired but coming
Both of us
be there at 6
Don't be late
I'll be alone
just me alone
Go Broncos!
Junk removal this Saturday?
Where do I put the junk
The list
Lists please
I'm first on the list?
text me
Text me when you're here
text only please
I prefer text
Text or call is fine
Don't text my mom, text me
Can't text now
cant talk now text me
I can't text while driving
My phone doesn't get texts
I never get the messages in time
I never received the text
did not get the text
I didn't get any messages
no messages from you today
I have no text messages from you
No text came through
no text yet
No texts today?
I got no texts
Any messages for me?
I want to get the messages in Spanish
I want messages in Spanish please
Messages in Spanish please
I don't read English, Spanish please
Don't need it
I don't want it
Don't want to go
I don't want to go this year
No quiero ir
No puedo, gracias
Ya no voy
No más de cinco
Más o menos 10
Para cuatro
dos mas
tres y no mas
Sale a las 5
Quiero ir
Quiero llevar a mi mama
Llámame por favor
mande la direccion
Mándame la dirección
Equipo azul
Is baja sauce ok?
Cutting the grass at 9
Shut the gate please
Distribution is at 4
Where is the distribution list sign up
I'll hear from my boss tomorrow
Want to hear from the speaker
No one asked me
I never asked about parking
Nobody told me
I said yes
Report card day is Friday
Report to the gym?
I am reporting for the paper
This is the police station right?
Do you need a lawyer for this clinic
I need a lawyer
block print class
Block off the street?
2 blocks away
away game Friday
Lost my ticket
lost and found?
lose weight class
Did I lose my spot?
I lost my phone
Hello there
hell yes
Heck yeah count me in
Not a member but can I come?
I'm not a member, is it free?
Are you a member
wrong
Wrong link
wrong time listed
wrong phone battery
That's the wrong number of chairs
This is the wrong number of tickets
Opt 2
option b
Opting in
opt in
Sign up
signing up now
Never signed up before, is it easy?
I did not sign up for dinner
I haven't signed up
I didn't sign up my son
Don't sign me up twice
did not agree on a time yet
I never agreed to bring drinks
Didn't ask him yet
I did not ask
I didn't ask my wife yet
Consent form attached?
No consent form needed?
without my permission slip can he go
Need permission slip?
I gave you my number
Did I give you my new number
name and number
what number do I call
What number do I text
do not call before 9 please
This is annoying but I have to reschedule
these texts are great
Stop asking, I'm coming! lol
haha stop
Haha stop it
lol stop
OMG stop that is so cute
stop playing
Stop lying
Please stop in
please stop the leak
Please stop at my house
please stop the car by the gate
just stop at the gate
I just stopped by
The End
leave
We leave at 6
leave me a plate
leave us two seats
Leave me two tickets please
let me be on the team
drop me off
Delete the last message
delete that
Please delete my last message
forget it
Forget my last text
Take off at 5
top bunk
Spot on
spot 5
Junk food
I would rather not get wet
I'd prefer not to be in the front row
Why don't you ever text me
I don't want any more of that casserole
Don't exclude me!
They did not give me the code
You're not allowed to text while driving
Are you not allowed to text us pictures?
Any further texts about the picnic?
Please send future messages to my new phone
No further questions
We will not give permission slips to parents
The end contact is Bob
""".strip()


def lines(table):
    return [line for line in table.split("\n") if line.strip()]


def test_a_clear_request_is_an_opt_out():
    assert [body for body in lines(CLEAR) if not is_clear_opt_out(body)] == []


def test_unclear_wording_is_for_a_person():
    assert [body for body in lines(UNCLEAR) if wording(body) is not Wording.UNCLEAR] == []


def test_an_ordinary_sentence_is_left_alone():
    assert [body for body in lines(ORDINARY) if wording(body) is not Wording.ORDINARY] == []


def test_the_tables_are_long():
    assert len(lines(CLEAR)) >= 80
    assert len(lines(ORDINARY)) >= 120


# What is said beside "take me off the list": whether the list can only be ours, or may be that of an event.
REASONS = """
I moved to Ohio
we moved away last year
I live in Texas now
I don't live there anymore
wrong number
you have the wrong number
who is this
I don't know you
not interested
I'm not a member anymore
I never signed up for this
I'm tired of these texts
this is spam
thanks for everything
or I'll report you
""".strip()

EXCUSES = """
I can't make it
can't come
I won't be there
have to work
change of plans
I'm sick
busy that day
something came up
put my sister on
my car broke down
we moved it to Friday
see you next year
Maria is bringing the salad
""".strip()

to_leave_the_list = pytest.mark.parametrize(
    "request_words", ["take me off the list", "Please remove me from your list"]
)


@to_leave_the_list
@pytest.mark.parametrize("reason", lines(REASONS))
def test_a_reason_to_want_no_more_texts_leaves_a_request_clear(request_words, reason):
    assert is_clear_opt_out(f"{request_words}, {reason}")
    assert is_clear_opt_out(f"{reason}. {request_words}!")


@to_leave_the_list
@pytest.mark.parametrize("excuse", lines(EXCUSES))
def test_an_excuse_makes_the_list_that_of_an_event(request_words, excuse):
    assert wording(f"{request_words}, {excuse}") is Wording.UNCLEAR
    assert wording(f"{excuse}. {request_words}!") is Wording.UNCLEAR


@pytest.mark.parametrize("excuse", lines(EXCUSES))
def test_no_excuse_takes_back_a_request_that_names_texts(excuse):
    assert is_clear_opt_out(f"Stop texting me, {excuse}")


# What may stand around a word: nothing of it is a letter, a digit or a mark on one.
surroundings = st.text(
    st.sampled_from(" \t\n.,!?;:'\"“”‘’«»()[]-–—…*_~🛑🙏❤\ufe0f\u200b\u200d\u2060\ufeff\u00a0\x00"), max_size=8
)


@given(st.sampled_from(RESERVED), st.data(), surroundings, surroundings)
def test_a_reserved_word_is_known_in_any_case_and_whatever_surrounds_it(word, data, before, after):
    spelt = "".join(data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in word)

    assert bare_word(before + spelt + after) == word


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


@given(any_text | mixed_words)
@example("\ud800stop\udfff texting me\x00")
@example("ﷺ" * 2000)
def test_any_text_whatever_is_judged(body):
    assert wording(body) in Wording


def wording_without_the_short_cut(body):
    with mock.patch.object(consent_words, "may_speak_of_it", return_value=True):
        return wording(body)


@pytest.mark.parametrize("phrase", ALL_PHRASES)
def test_no_phrase_is_missed_by_the_short_cut_past_most_texts(phrase):
    @settings(max_examples=20)
    @given(st.from_regex(phrase, fullmatch=True))
    def check(body):
        assert wording(body) is wording_without_the_short_cut(body)

    check()


@given(any_text | mixed_words)
def test_the_short_cut_past_most_texts_changes_no_verdict(body):
    assert wording(body) is wording_without_the_short_cut(body)


def test_a_text_of_everyday_words_takes_the_short_cut():
    with mock.patch.object(consent_words, "is_clear") as looked_at:
        wording("I'll bring two dozen cookies and my sister's lemon cake")

    looked_at.assert_not_called()


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
    assert wording(body) is wording(body[:MAX_CHARACTERS])


def test_a_word_between_a_megabyte_of_spaces_is_that_word():
    assert bare_word(" " * 500_000 + "stop" + "\n" * 500_000) == "STOP"
