"""What the headings of people's lists mean, in the wordings that address books and spreadsheets use.

English, Spanish, German, French, Portuguese, Italian and Dutch, and the exports of Google Contacts and
Outlook, whose headings their own help pages list. Headings are compared without case, accents and signs.
"""

import re
import unicodedata
from typing import Final


def _wordings(text: str) -> frozenset[str]:
    return frozenset(" ".join(wording.split()) for wording in text.split(","))


MOBILE: Final = 0
PLAIN: Final = 1
HOME: Final = 2
OTHER: Final = 3
WORK: Final = 4

FIRST_NAME: Final = _wordings(
    """
    first, first name, firstname, fname, f name, given, given name, givenname, givennames, given names,
    forename, forenames, christian name, preferred first name, legal first name, nombres, nombre de pila,
    primer nombre, vorname, vornamen, rufname, prenom, prenoms, primeiro nome, voornaam, roepnaam
    """
)
MIDDLE_NAME: Final = _wordings(
    """
    middle, middle name, middlename, middle names, middle initial, mi, m i, additional name, additional names,
    second name, segundo nombre, zweiter vorname, mittelname, deuxieme prenom, nome do meio, secondo nome,
    tussenvoegsel
    """
)
LAST_NAME: Final = _wordings(
    """
    last, last name, lastname, lname, l name, surname, surnames, family, family name, familyname, legal last
    name, apellido, apellidos, primer apellido, segundo apellido, apellido paterno, apellido materno,
    nachname, familienname, zuname, nom de famille, nom de naissance, sobrenome, apelido, cognome, achternaam,
    familienaam
    """
)
# A whole name; beside a column of last or of first names alone, the other half of it ("Name; Vorname").
NAME: Final = _wordings(
    """
    name, names, full name, fullname, complete name, your name, display name, file as, contact, contacts,
    contact name, person, people, member, members, member name, participant, participant name, participants,
    attendee, attendee name, guest, guest name, registrant, registrant name, customer, customer name, client,
    client name, donor, volunteer, subscriber, subscriber name, recipient, recipient name, parent name,
    nombre, nombre completo, nombre y apellido, nombre y apellidos, nombres y apellidos, vollstandiger name,
    voller name, vor und nachname, vorname nachname, vorname und nachname, kontakt, mitglied, teilnehmer,
    teilnehmerin, ansprechpartner, nom, nom complet, prenom nom, prenom et nom, membre, contacto, miembro,
    participante, nome, nome completo, naam, volledige naam, first and last name, first last, first name last
    name, first name and last name
    """
)
HALVABLE_NAME: Final = frozenset({"name", "names", "nombre", "nom", "nome", "naam"})
LAST_FIRST: Final = _wordings(
    """
    last first, last name first name, last name first, name last first, surname first name, surname name,
    nachname vorname, name vorname, apellido nombre, apellidos nombre, apellidos y nombre, apellidos y
    nombres, nom prenom, nom et prenom, cognome nome, cognome e nome, achternaam voornaam
    """
)

_PHONE: Final = _wordings(
    """
    phone, phones, phonenumber, phonenumbers, telephone, telephones, tel, tels, telefono, telefonos, telefon,
    telefonnummer, telefonnr, telefoon, telefoonnummer, telefone, telefones, fon, fone, rufnummer, fono, tlf,
    ph, msisdn, e164
    """
)
_MOBILE: Final = _wordings(
    """
    mobile, mobiles, mobil, mobilnummer, mobilnr, mobiltelefon, mobilfunk, mobiel, handy, handynummer,
    handynr, natel, cell, cells, cellphone, cellular, celular, celulares, cel, movil, moviles, portable,
    portables, gsm, cellulare, telemovel, whatsapp, iphone, smartphone
    """
)
_HOME: Final = _wordings(
    """
    home, private, privat, particular, casa, domicile, domicilio, zuhause, evening
    """
)
_WORK: Final = _wordings(
    """
    work, business, office, day, trabajo, oficina, arbeit, geschaftlich, buro, bureau, travail, dienst
    """
)
_OTHER: Final = _wordings(
    """
    other, car, radio, callback, second, secondary, alternate, alternative, alt, otro, andere, autre
    """
)
# Beside a word for a phone, these make it something else: "Fax phone", "Phone type", "Emergency contact phone".
_NOT_THE_PHONE: Final = _wordings(
    """
    fax, telefax, faxnummer, pager, telex, tty, tdd, isdn, ext, extn, extension, type, label, kind, provider,
    carrier, consent, opt, optin, optout, verified, status, emergency, assistant, assistants, asistente,
    spouse, partner, manager, company
    """
)
# Beside a word for a phone, these leave it open: "Country code of the phone", "Phone (with country code)".
_DOUBT: Final = _wordings(
    """
    country, code, area, date, time, id, notes, note, preferred, preference, last, valid, main
    """
)
# Might be phones, might be anything: the cells decide.
_PERHAPS_PHONE: Final = _wordings(
    """
    number, numbers, numero, numeros, nummer, no, nr, text, texts, sms, contact, contacto, kontakt, to
    """
)
_KIND: Final = re.compile(r"(?:phone|tel|telephone|mobile|telefon|telefono)(?: \d+)? (?:type|label|kind)")
_NOT_A_NAME: Final = re.compile(
    r"\b(?:e ?mail|mail|correo|address|adresse|direccion|street|city|town|ciudad|ort|stadt|ville|state|province|zip|"
    r"postal|postcode|plz|country|pais|land|pays|company|organi[sz]ation|employer|firma|empresa|entreprise|department|"
    r"job|title|titel|anrede|role|position|notes?|notas?|notizen|comments?|bemerkung\w*|remarks?|status|gender|sex|"
    r"geschlecht|birthday|geburtstag|date|datum|fecha|prefix|suffix|nick ?name|phonetic|yomi|initials|language|"
    r"group|groups|labels?|tags?|type|kind|category|source|website|web|url|size|team|school|reason|line|"
    r"username|user name|password|event|location|region|county|spouse|children|manager|assistant\w*|emergency)\b"
)


def plain(heading: str) -> str:
    """A heading in lower case, without accents, with single spaces for all signs: "Prénom(s)" is "prenom s"."""
    decomposed = unicodedata.normalize("NFKD", heading.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    bare = re.sub(r"[’']s\b", "", bare)
    bare = re.sub(r"\((?:s|e?n)\)", "", bare)
    return " ".join(re.sub(r"[^\w]+|_", " ", bare).split())


def phone_rank(heading: str) -> int | None:
    """How soon a phone of that heading is taken (MOBILE first, WORK last), or None: the heading names no phone."""
    words = set(plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)).split()) | set(plain(heading).split())
    if words & (_NOT_THE_PHONE | _DOUBT) or not words & (_PHONE | _MOBILE):
        return None
    if words & _MOBILE:
        return WORK if words & _WORK else MOBILE
    for rank, wording in ((WORK, _WORK), (OTHER, _OTHER), (HOME, _HOME)):
        if words & wording:
            return rank
    return PLAIN


def may_be_phone(heading: str) -> bool:
    """Whether the heading leaves it open that the column holds phones."""
    words = set(plain(heading).split())
    return bool(words & (_PERHAPS_PHONE | _PHONE | _MOBILE)) and not words & _NOT_THE_PHONE


def is_phone_kind(heading: str) -> bool:
    """Whether the column says of what kind the phone beside it is, as Google's "Phone 1 - Label"."""
    return bool(_KIND.fullmatch(plain(heading)))


def kind_rank(label: str) -> int | None:
    """The rank of a phone by the kind that its row gives ("* Mobile"); None: it cannot be texted (a fax, a pager).

    A kind that says nothing ranks as PLAIN.
    """
    words = set(plain(label).split())
    if words & {"fax", "telefax", "pager", "homefax", "workfax"}:
        return None
    for rank, wording in ((MOBILE, _MOBILE), (WORK, _WORK), (OTHER, _OTHER), (HOME, _HOME)):
        if words & wording:
            return rank
    return PLAIN


def names_no_person(heading: str) -> bool:
    """Whether the heading is known for something that is no person's name."""
    return bool(_NOT_A_NAME.search(plain(heading)))
