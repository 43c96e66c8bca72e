"""Stop words: what a song's language says without meaning anything by it, and the syllables that all languages sing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from indexer.text.tokens import tokenise

_SYLLABLES = """
ah aah ay aye ayy ba bam bop da dah dee di doo du eh ey ha hah haha hee hey ho hoo huh la lala li lo mm mmm na nah naa
ooh oohh oooh ooo ohh ohoh oho ooooh pa ra sha shoo ta uh uhh uhhuh um wa whoa whoah wo woah woo wooh wow yah yea yeah
yeahh yep yuh hmm hm ma chorus verse x2 x3 x4 2x 3x
"""

# ISO 639-1 code -> function words
_FUNCTION_WORDS: Mapping[str, str] = {
    "en": """
a about after again aint all alright also always am an and any anybody anymore are arent around as at away be because
been before being but by came can cannot cant cause come comes could couldnt did didnt do does doesnt doing done dont
down each else em even ever every everybody everything for from get gets getting give go goes goin going gone gonna
gotta got had hadnt has hasnt have havent havin having he hed her here heres hers hes him himself his how i id if ill
im in into is isnt it itll its ive just keep knew know knows let lets like lil little made make makes many may maybe
me might mine more most much must my myself need never no nobody none nor not nothing now of off oh ok okay on once
one only or other our ours out over own put really right said same saw say says see seem shall she shes should
shouldnt since so some somebody someone something still such sure take takes tell than that thatll thats the their
theirs them then there theres these they theyll theyre theyve thing things think this those though thought through til
till to told too took try trying two under until up upon us very wanna want wants was wasnt way we well went were
werent weve what whatever whats when where wheres which while who whod whole whos whose why will with within without
wont would wouldnt yall yes yet you youd youll your youre yours yourself youve cuz coz tryna imma gon lemme wit dem
dat dis de ya yo
""",
    "es": """
al algo aqui asi aunque cada como con cual cuando de del desde donde dos el ella ellas ellos en entre era eran eras
eres es esa ese eso esos esta estaba estan estar estas este esto estos estoy fue ha han has hasta hay he la las le les
lo los mas me mi mis mismo mucho muy nada nadie ni no nos nosotros o otra otro para pero por porque pues que quien se
sea ser si siempre sin sobre solo son soy su sus tal tambien tan tanto te tengo ti tiene tienes toda todas todo todos
tu tus un una uno unos va vamos vas ver vez voy y ya yo
""",
    "pt": """
ao aos as ate com da das do e ela ele em essa esse eu foi isso ja lhe mais mim minha meu na nao nas nem numa os ou
pelo pra quem sao sem seu so sou sua tem teu tua um uma vai vem voce vou
""",
    "de": """
aber alle alles als also am an auch auf aus bei bin bis bist da dann das dass dein deine dem den denn der des dich die
dir doch du ein eine einem einen einer eines er es etwas euch fur gegen geht habe haben hab hast hat hier ich ihm ihn
ihr im immer in ins ist ja jetzt kann kannst kein keine keiner komm mal man mehr mein meine meinem meinen mich mir mit
muss nach ne nein nicht nichts nie noch nun nur ob oder ohne schon sehr sein seine sich sie sind so soll uber um und
uns unser viel vom von vor war warum was weg weil weiss wenn wer werd werden wie wieder will wir wird wo zu zum zur
""",
    "nl": """
aan al ben bij dan dat de deze dit door een en ge geen haar heb heel heeft hem het hij hoe ik is je jij jou kan maar
me meer met mij mijn mn moet naar niet nog nooit nu of om onder ons ook op over te toch tot u uit van veel voor waar
wat we weer weet wel wij wil ze zijn zo
""",
    "fr": """
a ai alors apres as au aussi autre aux avec avoir bien ca car ce cela ces cest cet cette chez comme dans de deja des
dis dit dont du elle elles en encore es est et etre eu fait faut il ils jai jamais je jen jy la le les leur lui ma
mais me meme mes moi mon na ne nest non nos notre nous on ont ou oui par pas peu peut plus pour pourquoi qu quand que
quel quelle qui quil quoi quon rien sa sais sans se ses si son sont sous suis sur ta te tes toi ton toujours tous tout
toute tres trop tu un une va vais vas veux vos votre vous y ya
""",
    "it": """
che chi ci come con cosa cosi da dal dei del della di dove e ed era fa fai fra gli ha hai ho i in io lei lo mai mi mia
mio nei nel nella no noi o ogni ora per perche piu po poi quando quello questa questo sai sei sempre senza sono sta su
sul sulla ti tra tua tuo tutti tutto una uno voi
""",
    "tr": """
ama bana ben beni benim bir bu cok daha de gibi hep her icin ki ne o sana sen seni ve var yok
""",
    "ko": """
건 걸 게 그 나 나는 나를 나의 난 날 내 내가 너 너를 너의 넌 널 니가 다 더 수 안 없는
없어 우리 이 이제 있어 있는 저 좀 한 것 거야
""",
    "ru": """
а бы был в во все да для до его ее если есть же за здесь и из или их как кто меня мне мой мои мы на не нет но о он она
они от по с со так там то тебе тебя ты у уже что чтобы это этот я
""",
}

SYLLABLES = frozenset(tokenise(_SYLLABLES))
BY_LANGUAGE: Mapping[str, frozenset[str]] = {
    language: frozenset(tokenise(words)) for language, words in _FUNCTION_WORDS.items()
}
ALL = SYLLABLES.union(*BY_LANGUAGE.values())


@cache
def stop_words(language: str | None) -> frozenset[str]:
    """The stop words of a song, as tokens: its language's, English ones, which all languages quote, and syllables.

    language   ISO 639-1; where it is unknown (None) every language's words are stop words

    >>> "die" in stop_words("en"), "die" in stop_words("de"), "die" in stop_words(None), "ooh" in stop_words("ja")
    (False, True, True, True)
    """
    if language is None:
        return ALL
    return SYLLABLES | BY_LANGUAGE["en"] | BY_LANGUAGE.get(language, frozenset())
