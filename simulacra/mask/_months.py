"""Names of months and weekdays in several languages, long and short."""

from __future__ import annotations

_LONG = """
january february march april may june july august september october november december
januar februar märz april mai juni juli august september oktober november dezember
jänner februar märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
"""
_SHORT = """
jan feb mar apr may jun jul aug sep oct nov dec
jan feb mär apr mai jun jul aug sep okt nov dez
janv févr mars avr mai juin juil août sept oct nov déc
ene feb mar abr may jun jul ago sep oct nov dic
gen feb mar apr mag giu lug ago set ott nov dic
jan feb mrt apr mei jun jul aug sep okt nov dec
jan feb mar apr may jun jul aug sept oct nov dec
"""
_WEEK = """
monday tuesday wednesday thursday friday saturday sunday
mon tue wed thu fri sat sun
montag dienstag mittwoch donnerstag freitag samstag sonntag
mo di mi do fr sa so
lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles jueves viernes sábado domingo
lunedì martedì mercoledì giovedì venerdì sabato domenica
maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
"""
_MONTHS = tuple(tuple(line.split()) for line in (_LONG + _SHORT).strip().splitlines() if line)
_DAYS = tuple(tuple(line.split()) for line in _WEEK.strip().splitlines())
CALENDARS = _MONTHS + _DAYS
"""Twelve months or seven weekdays of one language, in order."""
MONTHS = {name: i for names in reversed(_MONTHS) for i, name in enumerate(names, 1)}
"""Name in lower case -> number, 1..12."""
WEEKDAYS = {name: i for names in reversed(_DAYS) for i, name in enumerate(names)}
"""Name in lower case -> number, Monday is 0."""
