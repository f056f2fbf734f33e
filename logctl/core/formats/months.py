"""Names of months and weekdays, in the languages in which systems write their logs.

English, German, French, Spanish, Portuguese, Italian, Dutch, the Nordic languages, Polish, Czech, Turkish,
Hungarian, Finnish and Russian.
"""

from __future__ import annotations

_MONTHS = (
    "jan january januar jänner janv janvier ene enero janeiro gen gennaio januari sty led oca tammi янв"
    " января",
    "feb february februar febr fév févr février febrero fev fevereiro febbraio februari lut úno şub helmi"
    " фев февр февраля",
    "mar march mär märz mrz mars marzo março mrt maart marts bře márc maalis мар марта",
    "apr april avr avril abr abril aprile kwi dub nis ápr huhti апр апреля",
    "may mai mayo maio mag maggio mei maj kvě máj touko май мая",
    "jun june juni juin junio junho giu giugno cze čvn haz jún kesä июн июня",
    "jul july juli juil juillet julio julho lug luglio lip čvc tem júl heinä июл июля",
    "aug august aoû août ago agosto augustus sie srp ağu elo авг августа",
    "sep sept september septembre septiembre set setembro settembre wrz zář eyl szept syys сен сент сентября",
    "oct october okt oktober octobre octubre out outubro ott ottobre paź říj eki loka окт октября",
    "nov november novembre noviembre novembro lis kas marras ноя нояб ноября",
    "dec december dez dezember déc décembre dic diciembre dezembro dicembre des gru pro ara joulu дек"
    " декабря",
)
_WEEKDAYS = (
    "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday"
    " mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag"
    " lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche"
    " mié jue vie sáb dom lunes martes miércoles jueves viernes sábado domingo"
    " seg ter qua qui sex gio lunedì martedì mercoledì giovedì venerdì sabato domenica"
    " ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
    " mån tis ons tor fre lör sön man tir lør søn pn wt śr cz pt pon wto śro czw pią sob nie nd"
    " пн вт ср чт пт сб вс"
)
_UNACCENTED = str.maketrans("äáàâéèêěíîóôöúûüçčćřšşżźńñğ", "aaaaeeeeiiooouuucccrsszznng")

MONTHS = {
    form: number
    for number, names in enumerate(_MONTHS, 1)
    for name in names.split()
    for form in (name, name.translate(_UNACCENTED))
}
"""The number of a month by its name in lower case, with and without accents."""

WEEKDAYS = frozenset(form for name in _WEEKDAYS.split() for form in (name, name.translate(_UNACCENTED)))
"""Names of weekdays in lower case."""
