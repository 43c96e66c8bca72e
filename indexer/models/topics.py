"""Topics of lyrics: latent Dirichlet allocation, fitted by scikit-learn, applied with numpy, saved as plain arrays."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.progress import Track, quiet
from indexer.text.tokens import tokenise

FloatMatrix = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

TOPICS = 7  # what a hyperparameter search found in shared/papers/song-bert.txt
MAX_TOPICS = 30
MAX_WORDS = 10_000  # the commonest words by songs; rarer ones are names and typing errors
MIN_SHARE = 0.0005  # a word must be in this share of the songs, and in two
MAX_SHARE = 0.35  # a word in more songs than this tells no topic from another ("love" is in 38 % of shared/data)
SAMPLE = 25_000  # songs that are read for fitting; more change the topics little and cost linearly
PASSES = 3
BATCH = 256  # with 3 passes: better on held-out songs than 512 with 5, in half the time (2026-11-20)

# scikit-learn's own limits of the variational step, kept so that `infer` gives its numbers.
_MAX_STEPS = 100
_TOLERANCE = 1e-3
_TINY = np.finfo(np.float64).eps
_INFER_BATCH = 1024  # songs; bounds the memory of the variational step

# Function words and sung syllables of English, Spanish and Portuguese, German and Dutch, French and Italian, Turkish,
# Korean and Russian, in this order.
_FUNCTION_WORDS = """
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
dat dis de ya yo ah aah ay aye ayy ba bam bop da dah dee di doo du eh ey ha hah haha hee hey ho hoo huh la lala li lo
mm mmm na nah naa ooh oohh oooh ooo ohh ohoh oho ooooh pa ra sha shoo ta uh uhh uhhuh um wa whoa whoah wo woah woo
wooh wow yah yea yeah yeahh yep yuh hmm hm ma chorus verse x2 x3 x4 2x 3x
al algo aqui asi aunque cada como con cual cuando de del desde donde dos el ella ellas ellos en entre era eran eras
eres es esa ese eso esos esta estaba estan estar estas este esto estos estoy fue ha han has hasta hay he la las le les
lo los mas me mi mis mismo mucho muy nada nadie ni no nos nosotros o otra otro para pero por porque pues que quien se
sea ser si siempre sin sobre solo son soy su sus tal tambien tan tanto te tengo ti tiene tienes toda todas todo todos
tu tus un una uno unos va vamos vas ver vez voy y ya yo ao aos as ate com da das do e ela ele em essa esse eu foi isso
ja lhe mais mim minha meu na nao nas nem numa os ou pelo pra quem sao sem seu so sou sua tem teu tua um uma vai vem
voce vou
aber alle alles als also am an auch auf aus bei bin bis bist da dann das dass dein deine dem den denn der des dich die
dir doch du ein eine einem einen einer eines er es etwas euch fur gegen geht habe haben hab hast hat hier ich ihm ihn
ihr im immer in ins ist ja jetzt kann kannst kein keine keiner komm mal man mehr mein meine meinem meinen mich mir mit
muss nach ne nein nicht nichts nie noch nun nur ob oder ohne schon sehr sein seine sich sie sind so soll uber um und
uns unser viel vom von vor war warum was weg weil weiss wenn wer werd werden wie wieder will wir wird wo zu zum zur
aan al ben bij dan dat de deze dit door een en ge geen haar heb heel heeft hem het hij hoe ik is je jij jou kan maar
me meer met mij mijn mn moet naar niet nog nooit nu of om onder ons ook op over te toch tot u uit van veel voor waar
wat we weer weet wel wij wil ze zijn zo
a ai alors apres as au aussi autre aux avec avoir bien ca car ce cela ces cest cet cette chez comme dans de deja des
dis dit dont du elle elles en encore es est et etre eu fait faut il ils jai jamais je jen jy la le les leur lui ma
mais me meme mes moi mon na ne nest non nos notre nous on ont ou oui par pas peu peut plus pour pourquoi qu quand que
quel quelle qui quil quoi quon rien sa sais sans se ses si son sont sous suis sur ta te tes toi ton toujours tous tout
toute tres trop tu un une va vais vas veux vos votre vous y ya che chi ci come con cosa cosi da dal dei del della di
dove e ed era fa fai fra gli ha hai ho i in io lei lo mai mi mia mio nei nel nella no noi o ogni ora per perche piu po
poi quando quello questa questo sai sei sempre senza sono sta su sul sulla ti tra tua tuo tutti tutto una uno voi
ama bana ben beni benim bir bu cok daha de gibi hep her icin ki ne o sana sen seni ve var yok 건 걸 게 그 나 나는
나를 나의 난 날 내 내가 너 너를 너의 넌 널 니가 다 더 수 안 없는 없어 우리 이 이제 있어 있는 저 좀 한 것 거야
а бы был в во все да для до его ее если есть же за здесь и из или их как кто меня мне мой мои мы на не нет но о он она
они от по с со так там то тебе тебя ты у уже что чтобы это этот я
"""
STOP_WORDS = frozenset(tokenise(_FUNCTION_WORDS))


@dataclass(frozen=True)
class TopicModel:
    """Topics as weights of words.

    components   float32 (topics, words): the variational parameter of each topic's word distribution
    vocabulary   the words of the columns, sorted
    """

    components: FloatMatrix
    vocabulary: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.components.ndim != 2 or self.components.shape[1] != len(self.vocabulary):
            raise ValueError(
                f"components have shape {self.components.shape}, expected (topics, {len(self.vocabulary)} words)"
            )
        if not len(self.components) or not (np.isfinite(self.components) & (self.components > 0)).all():
            raise ValueError("components must be at least one row of finite numbers above 0")
        if any(a >= b for a, b in zip(self.vocabulary, self.vocabulary[1:], strict=False)):
            raise ValueError("the vocabulary must be sorted and name no word twice")

    @property
    def topics(self) -> int:
        return len(self.components)

    def infer(self, lyrics: Sequence[str], *, track: Track = quiet) -> FloatMatrix:
        """Each song's mixture of topics, float32 (songs, topics), rows sum to 1.

        A song without lyrics, or without any word of the vocabulary, is a zero row: unknown, not even.
        A song's mixture does not depend on the songs inferred with it.
        """
        out = np.zeros((len(lyrics), self.topics), np.float32)
        for start in track(range(0, len(lyrics), _INFER_BATCH), "infer topics"):
            starts, words, counts = _bags(lyrics[start : start + _INFER_BATCH], self._column_of)
            out[start : start + _INFER_BATCH] = _mixtures(starts, words, counts, self._word_factors)
        return out

    def top_words(self, k: int = 10) -> list[list[str]]:
        """The k words that weigh most in each topic, best first, ties in alphabetical order."""
        if k < 1:
            raise ValueError(f"k is {k}, expected at least 1")
        return [[self.vocabulary[i] for i in np.argsort(-row, kind="stable")[:k]] for row in self.components]

    def save(self, folder: Path) -> None:
        """Write topics.npy and topics.json into `folder`."""
        np.save(folder / "topics.npy", self.components, allow_pickle=False)
        text = json.dumps({"vocabulary": self.vocabulary}, ensure_ascii=False)
        (folder / "topics.json").write_text(text + "\n", encoding="utf-8")

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.vocabulary)}

    @cached_property
    def _word_factors(self) -> Doubles:
        """exp(E[log beta]), (words, topics): digamma of each weight less digamma of the topic's sum."""
        from scipy.special import digamma

        weights = self.components.astype(np.float64)
        factors = np.exp(digamma(weights) - digamma(weights.sum(axis=1, keepdims=True)))
        return np.ascontiguousarray(factors.T)


def load_topics(folder: Path) -> TopicModel:
    """Read what TopicModel.save wrote; scikit-learn is not needed."""
    try:
        components = np.load(folder / "topics.npy", allow_pickle=False)
        vocabulary = json.loads((folder / "topics.json").read_text(encoding="utf-8"))["vocabulary"]
        return TopicModel(np.asarray(components, np.float32), tuple(map(str, vocabulary)))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexFormatError(
            f"{folder} holds no topic model ({type(error).__name__}: {error}); expected topics.npy and topics.json "
            "as a build writes them; rebuild the index"
        ) from error


def fit_topics(
    lyrics: Sequence[str], *, topics: int = TOPICS, sample: int = SAMPLE, seed: int = 0, track: Track = quiet
) -> TopicModel | None:
    """Topics of a collection by online variational Bayes; None where too few words recur to find any.

    At most `sample` songs are read, drawn at random, so a large collection takes no longer. Online LDA
    leans on exchangeable batches: the songs are shuffled before each of the PASSES.
    """
    if not 2 <= topics <= MAX_TOPICS:
        raise ValueError(f"topics is {topics}, expected 2..{MAX_TOPICS}")
    if sample < 1:
        raise ValueError(f"sample is {sample}, expected at least 1")
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import LatentDirichletAllocation

    rng = np.random.default_rng(seed)
    filled = np.flatnonzero([bool(text and text.strip()) for text in lyrics])
    chosen = np.sort(rng.permutation(filled)[:sample])
    documents = [tokenise(lyrics[i]) for i in track(chosen.tolist(), "read lyrics for topics")]
    vocabulary = _vocabulary(documents)
    if len(vocabulary) < topics:
        return None
    column_of = {word: column for column, word in enumerate(vocabulary)}
    starts, words, counts = _count(documents, column_of)
    bags = csr_matrix((counts, words, starts), shape=(len(documents), len(vocabulary)))
    bags = bags[np.diff(starts) > 0]

    # Offset 10 is Hoffman et al. 2010's and scikit-learn's: it slows the first batches down.
    model = LatentDirichletAllocation(
        topics, learning_method="online", learning_offset=10.0, batch_size=BATCH, total_samples=bags.shape[0],
        random_state=seed,
    )  # fmt: skip
    batches = [order[i : i + BATCH] for order in _orders(rng, bags.shape[0]) for i in range(0, bags.shape[0], BATCH)]
    for batch in track(batches, "fit topics"):
        model.partial_fit(bags[batch])
    return TopicModel(model.components_.astype(np.float32), vocabulary)


def _orders(rng: np.random.Generator, songs: int) -> Iterable[Counts]:
    return (rng.permutation(songs) for _ in range(PASSES))


def _vocabulary(documents: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The commonest words by documents, without stop words, lone characters and digits, sorted."""
    frequency = Counter(word for document in documents for word in set(document))
    low, high = max(2, MIN_SHARE * len(documents)), MAX_SHARE * len(documents)
    kept = [
        (-count, word)
        for word, count in frequency.items()
        if low <= count <= high and len(word) > 1 and word not in STOP_WORDS and not word.isdigit()
    ]
    return tuple(sorted(word for _, word in sorted(kept)[:MAX_WORDS]))


def _bags(lyrics: Sequence[str], column_of: dict[str, int]) -> tuple[Counts, Counts, Doubles]:
    return _count([tokenise(text) if text else [] for text in lyrics], column_of)


def _count(documents: Sequence[Sequence[str]], column_of: dict[str, int]) -> tuple[Counts, Counts, Doubles]:
    """Bags of words in compressed rows: where each document starts, its word columns (rising), their counts."""
    starts, words, counts = [0], [], []
    for document in documents:
        bag = Counter(column for token in document if (column := column_of.get(token)) is not None)
        for column in sorted(bag):
            words.append(column)
            counts.append(bag[column])
        starts.append(len(words))
    return np.array(starts, np.int64), np.array(words, np.int64), np.array(counts, np.float64)


def _mixtures(starts: Counts, words: Counts, counts: Doubles, factors: Doubles) -> FloatMatrix:
    """The variational E-step of LDA for compressed rows of word counts.

    gamma_dk = alpha + theta_dk * sum over words w of n_dw * beta_kw / (theta_d . beta_w), where
    theta = exp(digamma(gamma) - digamma(sum gamma)) and alpha = 1 / topics; repeated per document until
    the mean change of its gamma is below _TOLERANCE. A document that has converged is left alone, so its
    mixture is that of scikit-learn's `transform` and independent of the others.
    """
    from scipy.special import digamma

    topics = factors.shape[1]
    prior = 1.0 / topics
    out = np.zeros((len(starts) - 1, topics), np.float32)
    lengths = np.diff(starts)
    active = np.flatnonzero(lengths)
    gamma = np.ones((len(active), topics))
    word_factors, weights = factors[words], counts[:, None]
    lengths = lengths[active]
    for _ in range(_MAX_STEPS):
        if not len(active):
            break
        theta = np.exp(digamma(gamma) - digamma(gamma.sum(axis=1, keepdims=True)))
        norms = np.einsum("wk,wk->w", np.repeat(theta, lengths, axis=0), word_factors)[:, None] + _TINY
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        updated = prior + theta * np.add.reduceat(word_factors * (weights / norms), begins, axis=0)
        going = np.abs(updated - gamma).mean(axis=1) >= _TOLERANCE
        gamma = updated
        out[active] = gamma / gamma.sum(axis=1, keepdims=True)
        if not going.all():
            entries = np.repeat(going, lengths)
            word_factors, weights = word_factors[entries], weights[entries]
            active, gamma, lengths = active[going], gamma[going], lengths[going]
    return out
