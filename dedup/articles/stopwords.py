"""Words that say nothing about what an article is about, and the stemmer of each language.

In: a language, or a text whose language is not known. Out: its stop words (normalised, as ``words`` gives them, hence
``don`` and ``t``), the name of its Snowball stemmer, or the language whose stop words the text is full of.
"""

import re

#: ISO 639-1 code to Snowball algorithm.
STEMMERS = {
    "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "nb": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip

_WORDS = {
    "en": """a about above according across add added adding after again against all almost also although always am among an and
        another any anyone are aren around as ask asked at away back be became because become been before began being below
        between both but by came can cannot come could couldn d did didn do does doesn doing don down during each either
        even ever every few for from further get getting go going got had hadn has hasn have haven having he her here hers
        herself him himself his how however i if in into is isn it its itself just least less let like ll m made make
        makes making many may maybe me might more most much must mustn my myself near never no nor not now of off often on
        once one only or other others our ours ourselves out over own per perhaps put quite rather re really s said same
        say saying says see seen several shall she should shouldn since so some something still such t take taken than
        that the their theirs them themselves then there these they thing things this those though through thus to told
        too took toward towards two under until up upon us use used using ve very via want wanted was wasn way we well
        went were weren what when where whether which while who whom whose why will with within without won would wouldn
        yet you your yours yourself yourselves monday tuesday wednesday thursday friday saturday sunday mr mrs ms""",
    "de": """aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bereits bin bis bist da
        dabei damit dann das dass dem den denn der des dessen die dies diese diesem diesen dieser dieses doch dort du durch ein
        eine einem einen einer eines er es etwa etwas euch für gegen gegenüber gibt habe haben hat hatte hatten hier hinter
        ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes kann kein keine keinen können
        könnte laut man mehr mein mich mir mit muss nach nicht nichts noch nun nur ob oder ohne sagte schon sehr sei sein seine
        seinem seinen seiner seit sich sie sind so soll sollen sowie über um und uns unser unter viel vom von vor war waren was
        weil weiter wenn wer werden wie wieder will wir wird wo worden wurde wurden während zu zum zur zwar zwei zwischen""",
    "es": """a al algo ante antes así aunque bajo bien cada casi como con contra cual cuando de del desde después dice dijo donde
        dos durante e el él ella ellas ellos en entre era eran es esa esas ese eso esos esta está están estas este esto estos
        fue fueron ha había han hasta hay la las le les lo los más me mi mientras mismo muy nada ni no nos nosotros o otra otras
        otro otros para pero poco por porque pues que qué quien se sea según ser si sí sido sin sobre son su sus también tan
        tanto tiene tienen todo todos tras tu tus un una uno unos y ya yo""",
    "fr": """a afin ai ainsi alors après au aucun aussi autre autres aux avaient avait avant avec avoir c car ce cela celle celui
        ces cet cette ceux chez comme contre d dans de depuis des deux dit donc dont du elle elles en encore entre est et
        étaient était été être eu eux fait faire il ils j jusqu l la le les leur leurs lors lui m mais me même moins mon n ne ni
        nos notre nous on ont ou où par parce pas pendant peu peut plus pour près qu quand que quel quelle qui quoi s sa sans se
        selon sera ses si son sont sous sur t ta tandis te tous tout toute toutes très tu un une vers vos votre vous y""",
    "ru": """а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да для до его ее её если есть еще
        ещё же за и из или им их к как ко когда который которая которые которых кто ли лишь между меня мне может мы на над надо
        нам нас не него нее нет ни них но ну о об однако он она они оно от очень перед по под после потому при про с со сам
        себя сказал своей свои своих свою собой так также такой там то тогда того тоже только том тот у уже хотя чего чем что
        чтобы эта эти это этого этой этом этот я""",
    "it": """a ad ai al alla alle anche ancora avere aveva c che chi ci come con contro cosa così cui da dai dal dalla dalle degli
        dei del della delle dello di dopo dove due e è ed era erano essere fra fatto fino gli ha hanno ho i il in io l la le
        lei lo loro lui ma mentre mi molto ne negli nei nel nella nelle no noi non o ogni per perché però più poi prima quale
        quando quanto quella quelle quelli quello questa queste questi questo qui se secondo senza si sia sono sotto sta stato
        su sua sue sugli sui sul sulla suo suoi tra tutti tutto un una uno""",
    "pt": """a à ainda ao aos após as às até com como contra da das de dela dele depois desde disse do dois dos e é ela elas ele
        eles em entre era eram essa esse esta está estão estas este estes eu foi foram há isso isto já lhe mais mas me mesmo
        muito na não nas nem no nos nós o onde os ou outra outro para pela pelas pelo pelos por porque qual quando que quem são
        se segundo sem ser será seu seus só sob sobre sua suas também tem têm ter todo todos tudo um uma umas uns você""",
    "nl": """aan al alle als andere bij binnen daar dan dat de deze die dit doen door dus een eens en er ge geen had hadden hebben
        heeft hem het hier hij hoe hun ik in is ja je kan kunnen maar me meer men met mij moet na naar niet niets nog nu of om
        omdat onder ons ook op over reeds te tegen toch toen tot twee u uit uw van veel volgens voor want waren was wat we wel
        werd werden wie wij worden wordt ze zei zich zij zijn zo zonder zou""",
    "sv": """alla att av blev bli blir de dem den denna deras dess det detta dig din där då efter ej eller en enligt er ett från
        för ha hade han hans har henne hennes här hon i in inte kan man med men mot mycket nu när någon något några och om oss
        på sade sedan sig sin sina så till under upp ut vad var vara varit vi vid vilka än är över""",
}  # fmt: skip

#: ISO 639-1 code to stop words.
STOP_WORDS: dict[str, frozenset[str]] = {language: frozenset(text.split()) for language, text in _WORDS.items()}

_LANGUAGES = tuple(STOP_WORDS)
_SAMPLE = 2000
#: For each stop word a 1 for every language that it is of, so many bits apart that the sum over a sample counts all languages at once.
_COUNT_BITS = _SAMPLE.bit_length()
_LANGUAGES_OF: dict[str, int] = {}
for _number, _language in enumerate(_LANGUAGES):
    for _word in STOP_WORDS[_language]:
        _LANGUAGES_OF[_word] = _LANGUAGES_OF.get(_word, 0) | 1 << _COUNT_BITS * _number

MIN_SHARE = 0.15
_WORD = re.compile(r"[^\W\d_]+")


def guess_language(text: str, min_share: float = MIN_SHARE) -> str:
    """Return the language whose stop words make up most of the beginning of ``text``, or ``""``.

    Parameters
    ----------
    text : str
        At least a sentence.
    min_share : float
        Share of the words that must be stop words of the language, in [0, 1].

    Examples
    --------
    >>> guess_language("Der Kanzler hat am Montag mit dem Präsidenten über die Lage in der Region gesprochen.")
    'de'
    """
    language, n, n_words = most_stop_words(text)
    return language if n > 0 and n >= min_share * n_words else ""


def most_stop_words(text: str) -> tuple[str, int, int]:
    """Return the language of most stop words in the beginning of ``text``, how many these are, and how many words there are."""
    found = _WORD.findall(text[:_SAMPLE].lower())
    total = sum(filter(None, map(_LANGUAGES_OF.get, found)))
    counts = [total >> _COUNT_BITS * number & (1 << _COUNT_BITS) - 1 for number in range(len(_LANGUAGES))]
    n, language = max(zip(counts, _LANGUAGES, strict=True))
    return language, n, len(found)
