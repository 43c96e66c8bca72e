"""Meanings: what columns are called in the files of the world, in one table for all tabular formats and JSON keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from indexer.text.tokens import strip_accents

# Field: the names that mean it, then after "|" weaker ones, which count only where no column has a name before the bar.
# Those of Exportify stand in the languages that it writes: en de fr es it pt nl sv tr el ar ja zh-Hans zh-Hant yue.
_NAMES = {
    "song_id": "song_id",
    "spotify_id": """spotify_id; spotify track id; spotify uri; spotify url; spotify link; track uri; spotify - id;
        spotify; uri; spotify_track_uri; trackuri; track url; external_urls.spotify; track.external_urls.spotify;
        Track-URI; URI du titre; URI de la canción; URI della traccia; URI da faixa; Nummer URI; Låtens URI;
        Parça URI; URI κομματιού; رابط الأغنية (URI); トラックURI; 曲目 URI; 歌 Link | track href; href; link; url;
        identifier""",
    "isrc": "isrc; external_ids.isrc; tsrc; isrc code; track isrc",
    "mbid": """mbid; recording_mbid; mb_trackid; musicbrainz_trackid; musicbrainz track id;
        musicbrainz recording id; track_mbid; track.mbid; musicbrainz_recordingid | mb_recordingid""",
    "deezer_id": "deezer_id; deezer - id; dzr_sng_id; deezer track id; deezer",
    "id": "id; track_id; trackid; song id number | videoid; video id; key_id",
    "title": """title; título de la canción; lied; 歌曲名; τίτλος; track name; track title; name; track; song;
        song name; song title; titel; songtitel; titre; título; titolo; canción; música; faixa; brano; traccia; låt;
        parça; название; песня; трек; tytuł; utwór; 曲名; タイトル; 歌名; 歌曲; 曲目; 제목; 노래; 곡명;
        master_metadata_track_name; Track-Name; Nom du titre; Nombre de la canción; Nome della traccia;
        Nome da faixa; Nummernaam; Låtens namn; Parça Adı; Όνομα κομματιού; اسم الأغنية; トラック名; 曲目名称;
        曲目名稱; work | original title; track censored name""",
    "artist": """artist; sänger; sängerin; cantante; cantor; καλλιτέχνης; artists; artist name; artist names;
        artist(s)_name; artist name(s); track artist; track artists; performer; performers; singer; band; creator;
        artists.name; interpret; interpreter; künstler; kunstler; artiste; artistes; interprète; artista; artistas;
        intérprete; artisti; interprete; artiest; uitvoerder; utförare; sanatçı; исполнитель; артист; wykonawca;
        artysta; アーティスト; 歌手; 艺术家; 演唱者; 아티스트; 가수; master_metadata_album_artist_name;
        track.artists.name; artist.name; artist.#text; primary_artist.name; Künstlername(n); Nom(s) de l'artiste;
        Nombre(s) del artista; Nome dell'artista; Nome(s) do artista; Naam van artiest; Artistens namn; Sanatçı Adı;
        Όνομα/τα καλλιτέχνη; أسماء الفنانين; アーティスト名; 艺人名称; 藝人名稱; Artist 名; artist_credit_name;
        artist credit | album artist; albumartist; album artist name(s); album_artists.name; album.artists.name;
        composer; author""",
    "featured": """features; featured; featured artists; featured_artists; feat; featuring; guests;
        featured_artists.name""",
    "album": """album; album name; album title; track album name; release; release name; release_name; lp; álbum;
        albume; альбом; アルバム; 专辑; 專輯; 앨범; album.name; track.album.name; album.#text; album.title;
        collectionname; master_metadata_album_album_name; Album-Name; Nom de l'album; Nombre del álbum;
        Nome dell'album; Nome do álbum; Naam van album; Albumets namn; Albüm Adı; Όνομα άλμπουμ; اسم الألبوم;
        アルバム名; 专辑名称; 專輯名稱; 專輯名""",
    "year": """year; release year; released year; release date; album release date; track album release date;
        original_year; originalyear; released; release; publication year; jahr; erscheinungsjahr; année; año; ano;
        anno; jaar; år; yıl; год; rok; 年; 発売年; 연도; album.release_date; track.album.release_date; releasedate;
        originally available; release_date_for_display; original release date; Veröffentlichungsdatum des Albums;
        Date de sortie de l'album; Fecha de lanzamiento del álbum; Data di rilascio dell'album;
        Data de lançamento do álbum; Releasedatum van het album; Albumets releasedatum; Albüm Çıkış Tarihi;
        Ημερομηνία κυκλοφορίας άλμπουμ; تاريخ إصدار الألبوم; アルバム発売日; 专辑发行日期; 專輯發行日期; 專輯發行日
        | album year; album_year""",
    "date": "date; datum; fecha; data",
    "decade": "decade; dekade",
    "language": """language; lang; lyrics language; sprache; langue; idioma; lingua; язык; 言語 | language_ft;
        language_cld3""",
    "genre": """genres; genre; track genre; playlist genre; top genre; main genre; genre name; style; styles;
        género; genero; genere; gênero; стиль; жанр; gatunek; ジャンル; 流派; 风格; 장르; primarygenrename
        | artist genres; album genres; artist genre; Künstler-Genres; Album-Genres; Genres de l'artiste;
        Genres de l'album; Géneros del artista; Géneros del álbum; Generi dell'artista; Generi dell'album;
        Gêneros do artista; Gêneros do álbum; Genres van de artiest; Genres van het album; Artistens genrer;
        Albumets genrer; Sanatçı Türleri; Albüm Türleri; Είδη καλλιτέχνη; Είδη άλμπουμ; أنواع الفنان; أنواع الألبوم;
        アーティストジャンル; アルバムジャンル; 艺人流派; 专辑流派; 藝人曲風; 專輯曲風""",
    "subgenre": "subgenres; subgenre; playlist subgenre; sub genre; grouping",
    "explicit": """explicit; is explicit; explicit lyrics; explicit content; parental advisory; track explicit;
        Explizit; Explicite; Explícito; Esplicito; Explícita; Expliciet; Açık İçerik; Ακατάλληλο; صريح;
        明示的な内容; 含露骨内容; 含露骨內容; 家長指引""",
    "popularity": """popularity; track popularity; song popularity; spotify popularity; Beliebtheit; Popularité;
        Popularidad; Popolarità; Popularidade; Populariteit; Popularitet; Popülerlik; Δημοτικότητα; الشعبية; 人気度;
        热度; 熱門度""",
    "plays": """plays; play count; playcount; play_count; times played; streams; views; listens; listen count;
        scrobbles; total plays; play counter; stats.pageviews; pageviews; play_cnt; wiedergaben; reproducciones;
        écoutes; ascolti; reproduções; прослушивания; 再生回数; 播放次数""",
    "lyrics": """lyrics; lyric; song lyrics; plainlyrics; lyrics text; text; letra; letras; paroles; testo;
        songtext; liedtext; songtekst; текст; tekst; 歌詞; 歌词; 가사; lyrics.text | syncedlyrics; synced lyrics""",
    "tags": "tags; keywords; toptags.tag.name",
    "tag": "tag; tag name",
    "count": "count; weight; tag count",
    "mood": "mood; moods; emotion; stimmung; humeur; estado de ánimo",
    "duration_ms": """duration; länge; spieldauer; διάρκεια; duration ms; length; track duration; song duration;
        duration seconds; total time; time; playing time; track length; duración; durée; dauer; durata; duração;
        tijdsduur; длительность; 時間; 时长; 길이; Track-Dauer (ms); Durée du titre (ms);
        Duración de la canción (ms); Durata della traccia (ms); Duração da faixa (ms); Nummerduur (ms);
        Låtlängd (ms); Parça Süresi (ms); Διάρκεια κομματιού (ms); مدة الأغنية (بالمللي ثانية);
        トラックの長さ（ミリ秒）; 曲目时长（毫秒）; 曲目長度（毫秒）; 曲目時長（毫秒）; tracktimemillis;
        duration_ms; playtime; additional_info.duration_ms; total_time; media duration in milliseconds | runtime""",
    "danceability": """danceability; Tanzbarkeit; Danseabilité; Bailabilidad; Ballabilità; Dançabilidade;
        Dansbaarheid; Dansbarhet; Dans Edilebilirlik; Χορευτικότητα; قابلية الرقص; ダンサビリティ; 舞蹈性; dance""",
    "energy": """energy; Energie; Énergie; Energía; Energia; Energi; Enerji; Ενέργεια; الطاقة; エネルギー; 能量;
        energy level""",
    "key": """key; musical key; initial key; initialkey; initial_key; tonality; tonart; tonalité; tonalidad; chiave;
        tonalidade; toonsoort; ton; τονικότητα; المفتاح; キー; 调性; 調性; key signature; tkey; tonalità; key text;
        track key""",
    "camelot": "camelot; camelot key; open key; key camelot; camelot wheel",
    "mode": """mode; track mode; major/minor; scale; Modus; Modo; Modalità; Läge; Mod; Τρόπος; النمط; モード; 调式;
        調式; Modus (major/minor)""",
    "loudness": """loudness; loudness db; db; lufs; Lautstärke; Volume sonore; Volumen; Volume; Luidheid;
        Ljudstyrka; Ses Seviyesi; Ένταση; مستوى الصوت; ラウドネス; 响度; 響度""",
    "speechiness": """speechiness; Sprachanteil; Parlabilité; Hablado; Linguaggio parlato; Oralidade;
        Spraakzaamheid; Talighet; Konuşma Oranı; Ομιλητικότητα; محتوى الكلام; スピーチ性; 语音度; 語音度; speech""",
    "acousticness": """acousticness; Akustik; Acoustique; Acústica; Acustica; Akoestiek; Akustiklik; Ακουστικότητα;
        الطابع الصوتي; アコースティック性; 原声性; 原音性""",
    "instrumentalness": """instrumentalness; Instrumentalität; Instrumental; Instrumentalidad; Strumentalità;
        Instrumentalidade; Instrumentaliteit; Instrumentalhet; Enstrümantalite; Οργανοκεντρικότητα; الطابع الآلي;
        インストゥルメンタル性; 器乐度; 器樂度""",
    "liveness": """liveness; Lebendigkeit; Vivacité; Vivacidad; Vivacità; Vivacidade; Levendigheid; Livlighet;
        Canlılık; Ζωντάνια; الحيوية; ライブ感; 现场感; 現場感""",
    "valence": """valence; Valenz; Valencia; Valenza; Valência; Valentie; Valens; Duygusallık; Θετικότητα;
        الإيجابية; 感情値; 情绪效价; 情緒效價; happiness; positivity""",
    "tempo": "tempo; bpm; average bpm; averagebpm; beats per minute; tempo bpm; Ρυθμός; الإيقاع; テンポ; 速度; tbpm",
    "path": "path; location; file; filename; file name; file path; filepath; local path",
    "playlist_id": "playlist_id; pid; playlist uri; playlist url",
    "playlist": """playlist; playlist name; playlist title; playlistname; list name; wiedergabeliste;
        liste de lecture; lista de reproducción; afspeellijst; spellista; плейлист; プレイリスト名; 播放列表""",
    "description": "description; playlist description; beschreibung; descripción",
    "followers": "followers; num_followers; numberoffollowers",
    "position": "position; pos; track position; playlist position; order; playorder",
    "song_ids": "song_ids; songs; track_ids; track_uris; tracks",
    "listened_at": """listened_at; listened at; listened; listen date; listen time; end time; played_at; played at;
        played on; uts; utc_time; date.uts; date.#text; scrobble time; scrobble date; scrobbled; scrobbled at;
        event start timestamp; hörzeit; écouté le; escuchado el; ascoltato il | ts; timestamp; time stamp;
        date time; datetime""",
    "ms_played": "ms_played; played ms; ms listened; play duration milliseconds; duration played ms",
    "skipped": "skipped; is skipped; was skipped",
}

# Who added a song to a playlist, and when.
_ADDED = """
    added by; added at; added_at; added date; date added; saved at; Hinzugefügt von; Hinzugefügt am; Ajouté par;
    Ajouté le; Añadido por; Añadido en; Aggiunto da; Aggiunto il; Adicionado por; Adicionado em; Toegevoegd door;
    Toegevoegd op; Tillagd av; Tillagd vid; Ekleyen; Eklenme Tarihi; 追加者; 追加日時; 添加者; 添加时间; 新增者;
    新增時間; 加入者; 加入時間
"""

# Known columns that no field of a song takes, and why.
_UNUSED = {
    _ADDED: "who added it to a playlist, and when",
    "artist_uris; artist_id; artists_id; album_id; track_album_id; available_markets; images": (
        "of something that is no song"
    ),
    "disc number; track number; tracknumber; disc; discnumber; track count; disc count; Disc-Nummer; Track-Nummer": (
        "its place on a disc"
    ),
    "released_month; released_day": "the year is enough",
    "last played; last played at; last played date; lastplayed": "one time is no listening history",
    "tag time; tagtime": "when it was recognised",
    "artist count; artist_count": "how many artists there are is seen in their names",
    "time signature; time_signature; Taktart": "no feature that Refrain compares",
    "is_local; is local; is playable; type; kind; Ist abspielbar": "about the file, not about the song",
    "size; filesize; file size; bit rate; bitrate; sample rate; samplerate; track type; artwork count; persistent id": (
        "about the file, not about the song"
    ),
    "rating; album rating; ranking; loved; favorited; starred; comment; comments": "a listener's own note",
    "sort name; sort artist; sort album; sort album artist; sort composer": "the same name as it is sorted",
}
# Wrappers around a song in JSON and in the tables that pandas makes of it.
_PREFIX = re.compile(
    r"(?:track|song|item|node|data|attributes|fields|audio_features|audio|af|features|master_metadata_track|"
    r"master_metadata|track_metadata|additional_info|metadata|tags|recording|entry|properties|mbid_mapping)_"
)
_ADDRESS = re.compile(r"(?:^|_)(?:ur[il]s?|links?|href)(?:_|$)")
_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])")  # "trackName"
_UNIT = re.compile(
    r"(?:[\s_]+|(?<=\W))[(\[（]?\s*(ms|msec|millis|milliseconds|sec|secs|seconds|min|minutes|percent|db|dbfs|bpm|lufs)"
    r"\s*[)\]）]?\s*$|[\s_]*[(\[（]?\s*(%|ミリ秒|毫秒|بالمللي ثانية)\s*[)\]）]?\s*$|\s[(\[（]\s*(s)\s*[)\]）]\s*$",
    re.IGNORECASE,
)
_UNITS = {
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds", "ミリ秒", "毫秒", "بالمللي ثانية"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "seconds"), "s"),
    **dict.fromkeys(("min", "minutes"), "min"),
    **dict.fromkeys(("%", "percent"), "%"),
    **dict.fromkeys(("db", "dbfs", "lufs"), "dB"),
    "bpm": "bpm",
}
# Of Kaggle's "Top Spotify songs 2010-2019". Each alone may mean anything: "pop" is a genre, too.
SHORT_NAMES = {
    "nrgy": "energy", "dnce": "danceability", "db": "loudness", "live": "liveness", "val": "valence",
    "dur": "duration_ms", "acous": "acousticness", "spch": "speechiness", "pop": "popularity", "bpm": "tempo",
    "instr": "instrumentalness",
}  # fmt: skip
SHORT_NAMES_NEEDED = 3
AGAIN = re.compile(r"(?: \(\d{1,2}\)|\.\d{1,2})\Z")  # how a name that comes again is told apart; the second is pandas'
ROW_NUMBERS = frozenset({"", "index", "unnamed_0", "unnamed_0_1", "level_0", "no", "nr", "row", "row_number", "rownum"})


def column_key(name: object) -> str:
    """A column's name as names are compared: without case, accents and signs.

    >>> column_key(" Künstlername(n)"), column_key("Track-URI"), column_key("album.name")
    ('kunstlername_n', 'track_uri', 'album_name')
    """
    text = unicodedata.normalize("NFKC", str(name)).strip("\ufeff \t\r\n\x00")
    text = _CAMEL.sub("_", text)
    return re.sub(r"[\W_]+", "_", strip_accents(text)).strip("_")


def unit_of(name: object) -> str:
    """The unit that a column's name ends in: "ms", "s", "min", "%", "dB", "bpm"; "" for none.

    >>> unit_of("Duration (ms)"), unit_of("energy_%"), unit_of("Length (s)"), unit_of("Artist Name(s)")
    ('ms', '%', 's', '')
    """
    found = _UNIT.search(unicodedata.normalize("NFKC", str(name)))
    return _UNITS[next(filter(None, found.groups())).lower()] if found else ""


@lru_cache(maxsize=4096)
def meaning(name: str) -> tuple[str, int] | None:
    """The field that a column's name means, and how weakly (0 or 1); None where it means none.

    >>> meaning("Artist Name(s)"), meaning("Artist Genres"), meaning("af_energy"), meaning("energy_%"), meaning("notes")
    (('artist', 0), ('genre', 1), ('energy', 0), ('energy', 0), None)
    >>> meaning("Artist (2)"), meaning("energy.1")
    (('artist', 0), ('energy', 0))
    """
    unit = _UNIT.search(unicodedata.normalize("NFKC", name))
    again = AGAIN.search(name)
    for key in filter(None, (column_key(name), *(column_key(name[: mark.start()]) for mark in (unit, again) if mark))):
        while True:
            if key in _FIELDS:
                return _FIELDS[key]
            prefix = _PREFIX.match(key)
            if prefix is None:
                break
            key = key[prefix.end() :]
    return None


@lru_cache(maxsize=4096)
def unused_because(name: str) -> str:
    """Why no field of a song takes a column.

    >>> unused_because("Added At"), unused_because("track.disc_number"), unused_because("my notes")
    ('who added it to a playlist, and when', 'its place on a disc', 'no known meaning')
    """
    key = whole = column_key(name)
    while key not in _REASONS and (prefix := _PREFIX.match(key)):
        key = key[prefix.end() :]
    return _REASONS.get(key) or ("an address" if _ADDRESS.search(whole) else "no known meaning")


def _fields() -> Iterator[tuple[str, tuple[str, int]]]:
    for field, names in _NAMES.items():
        for weakness, some in enumerate(names.split("|")):
            for name in some.split(";"):
                yield column_key(name), (field, weakness)


_FIELDS: dict[str, tuple[str, int]] = {}
for _key, _field in _fields():
    _FIELDS.setdefault(_key, _field)
ADDED = frozenset(column_key(name) for name in _ADDED.split(";"))
_REASONS = {column_key(name): why for names, why in _UNUSED.items() for name in names.split(";")}
