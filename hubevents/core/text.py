"""Text from outside and for outside: cleaning, Latin forms, Markdown, and what must not pass (formulas, ЕГН).

Pure functions on plain values; nothing here knows a language of the page or a database.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdownify import markdownify
from markupsafe import Markup

NO_BREAK_SPACE = "\u00a0"

# --- cleaning --------------------------------------------------------------------------------------------

# Bidi embeddings, overrides and isolates turn the text around them; a zero-width space hides differences.
_DROPPED = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\ufdd0-\ufdef]")
_LINE_END = re.compile("\r\n|[\r\u0085\u2028\u2029]")
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp", "Mn", "Me", "Cc"})


def _is_storable(char: str) -> bool:
    """Whether a character may be kept; XML or PostgreSQL refuse C0, C1, surrogates, noncharacters."""
    code = ord(char)
    if char in "\n\t":
        return True
    return not (code < 32 or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or (code & 0xFFFE) == 0xFFFE)


def clean(text: str, *, long: bool = False) -> str:
    """What of a text from outside is kept: NFC, no control, surrogate or direction characters, stripped.

    A single-line text (a name, a title) has every run of whitespace as one space; a `long` one keeps tabs and
    line ends (as `\\n`). A text of nothing visible becomes empty.
    """
    text = _LINE_END.sub("\n", text)
    text = _DROPPED.sub("", "".join(filter(_is_storable, text)))
    text = unicodedata.normalize("NFC", text)
    text = text.strip() if long else " ".join(text.split())
    return "" if all(unicodedata.category(char) in _INVISIBLE for char in text) else text


def normalise_email(text: str) -> str:
    """The form in which an address is kept and compared: cleaned and lower-case. Says nothing about validity."""
    return unicodedata.normalize("NFC", clean(text).lower())


# --- Latin forms -----------------------------------------------------------------------------------------

# Transliteration Act (Закон за транслитерацията, State Gazette 19/2009), then letters of other alphabets.
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
    "ѝ": "i", "ё": "yo", "ы": "y", "э": "e", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u", "ј": "j",
    "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "dj", "џ": "dz", "ѓ": "gj", "ќ": "kj", "ѕ": "dz", "ѣ": "ya",
    "ѫ": "a", "ѧ": "ya", "ѐ": "e",
}  # fmt: skip
# Latin letters that NFKD leaves whole.
_PLAIN = str.maketrans({
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i", "ħ": "h", "Ħ": "H",
})  # fmt: skip
_BULGARIA = re.compile(r"(?<!\w)българия(?!\w)", re.IGNORECASE)


def _cased(latin: str, char: str, before: str, after: str) -> str:
    """A Latin form in the case of its letter: `Щ` is `Sht` in a name and `SHT` in capitals."""
    if not char.isupper():
        return latin
    neighbour = after if after.isalpha() else before
    return latin.upper() if neighbour.isupper() else latin.capitalize()


def transliterate(text: str) -> str:
    """The Latin form of Cyrillic letters by the Transliteration Act, case kept; the rest stays as it is."""
    text = unicodedata.normalize("NFC", text)
    text = _BULGARIA.sub(lambda found: "BULGARIA" if found[0].isupper() else found[0][0] + "ulgaria", text)
    padded = f" {text} "
    out = []
    for at, char in enumerate(text):
        before, after = padded[at], padded[at + 2]
        latin = _LATIN.get(char.lower())
        if latin is None:
            out.append(char)
        elif char in "яЯ" and before in "иИ" and not after.isalpha():
            out.append(_cased("a", char, before, after))
        else:
            out.append(_cased(latin, char, before, after))
    return "".join(out)


def without_accents(text: str) -> str:
    """Compatibility letters written out and combining marks dropped."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def slugify(text: str, *, limit: int = 60) -> str:
    """An ASCII slug of at most `limit` characters, cut between words where that costs less than half.

    Empty when nothing is left: the caller then brings a name of its own, and refuses the reserved ones.
    """
    plain = without_accents(transliterate(text)).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’`]", "", plain)).strip("-")
    if len(slug) <= limit:
        return slug
    cut = slug[:limit]
    if slug[limit] != "-":
        whole = cut.rpartition("-")[0]
        cut = whole if len(whole) * 2 >= limit else cut
    return cut.strip("-")


_QUOTES = re.compile("[\"'`´‘’‚‛“”„‟«»‹›]")
_DASHES = re.compile("[‐‑‒–—―−]")


def search_key(text: str) -> str:
    """The form in which names are compared in a search by part, in Latin or Cyrillic (INTEROP D61).

    Without case, accents and quotes; `ё` is `е`, `ѝ` is `и`, `й` may be composed or not; `iy` counts as `i`,
    because the Act writes `-ия` as `-ia` only at the end of a word and people type half a word. The key of
    the beginning of a Bulgarian word is the beginning of its key.
    """
    text = unicodedata.normalize("NFC", text).casefold().replace("ё", "е")
    latin = "".join(_LATIN.get(char, char) for char in text)
    folded = without_accents(latin).casefold()
    folded = re.sub(r"iy+", "i", folded).replace("bulg", "balg")
    return " ".join(_DASHES.sub("-", _QUOTES.sub("", folded)).split())


def file_name(text: str, ext: str) -> str:
    """A harmless ASCII file name with an extension, whatever the text holds."""
    stem = slugify(text, limit=80) or "file"
    # Windows keeps these names for devices, with any extension.
    if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", stem):
        stem = f"file-{stem}"
    return f"{stem}.{re.sub(r'[^a-z0-9]', '', ext.lower()) or 'bin'}"


# --- Markdown --------------------------------------------------------------------------------------------

_LINK_SCHEMES = {"http", "https", "mailto", "tel"}
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_ADDRESS = re.compile(r"https?://[^\s<>\"'„“”«»]*[^\s<>\"'„“”«».,;:!?)\]}*_~]")


def _link_addresses(state: StateCore) -> None:
    """Makes links of bare http(s) addresses, which organisers paste as they are."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        out: list[Token] = []
        inside = 0
        for token in block.children:
            inside += (token.type == "link_open") - (token.type == "link_close")
            if token.type != "text" or inside or "://" not in token.content:
                out.append(token)
                continue
            at = 0
            for found in _ADDRESS.finditer(token.content):
                href = state.md.normalizeLink(found[0])
                if not state.md.validateLink(href):
                    continue
                out.append(_text_token(token.content[at : found.start()], token.level))
                out.append(Token("link_open", "a", 1, attrs={"href": href}, level=token.level))
                out.append(_text_token(found[0], token.level + 1))
                out.append(Token("link_close", "a", -1, level=token.level))
                at = found.end()
            out.append(_text_token(token.content[at:], token.level))
        block.children = out


def _text_token(content: str, level: int) -> Token:
    """A piece of running text."""
    return Token("text", "", 0, content=content, level=level)


def _drop_images(state: StateCore) -> None:
    """Leaves an image's alternative text: pictures come in by upload only."""
    for block in state.tokens:
        for at, token in enumerate(block.children or []):
            if block.children and token.type == "image":
                block.children[at] = _text_token(token.content, token.level)


def _lower_headings(state: StateCore) -> None:
    """Starts headings at h3, because the page's own title and sections stand above."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"


def _parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough, without HTML and images; a line end is a line break."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    parser.core.ruler.push("drop_images", _drop_images)
    parser.core.ruler.push("link_addresses", _link_addresses)
    parser.core.ruler.push("lower_headings", _lower_headings)
    return parser


_MARKDOWN = _parser()


def markdown(text: str) -> Markup:
    """Safe HTML of a Markdown text: no raw HTML, no images, no styles, only web, mail and phone links."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_LINK_SCHEMES,
        link_rel="noopener nofollow",
    )
    return Markup(html.strip())  # noqa: S704 - nh3 has just sanitised it


def _plain_inline(tokens: Iterable[Token]) -> str:
    """Running text without marks; a link's address follows its words unless they are the same."""
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            out.append("\n")
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close" and links:
            href, start = links.pop()
            words = "".join(out[start:]).strip()
            bare = href.removeprefix("mailto:").removeprefix("tel:")
            if _MARKDOWN.normalizeLink(words) in (href, bare):
                out[start:] = [bare]
            else:
                out.append(f" ({href})" if words else href)
        else:
            out.append(token.content)
    return "".join(out)


def _indented(text: str, first: str, rest: str) -> str:
    """A block with a mark before its first line and the same room before the others."""
    lines = text.split("\n")
    return "\n".join([first + lines[0], *((rest + line) if line else "" for line in lines[1:])])


def _closing(tokens: Sequence[Token], at: int) -> int:
    """The index of the token that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    return len(tokens) - 1


def _plain_blocks(tokens: Sequence[Token]) -> list[str]:
    """The blocks of a text, each as lines."""
    blocks: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.nesting != 1:
            if token.type in ("fence", "code_block"):
                blocks.append(token.content.rstrip("\n"))
            elif token.type == "inline":
                blocks.append(_plain_inline(token.children or []))
            at += 1
            continue
        end = _closing(tokens, at)
        inner = tokens[at + 1 : end]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            blocks.append(_plain_list(inner, token))
        elif token.type == "tr_open":
            cells = [cell.children or [] for cell in inner if cell.type == "inline"]
            blocks.append(" | ".join(map(_plain_inline, cells)))
        elif token.type == "table_open":
            blocks.append("\n".join(_plain_blocks(inner)))
        elif token.type == "blockquote_open":
            blocks.append(_indented("\n\n".join(_plain_blocks(inner)), "> ", "> "))
        else:
            blocks += _plain_blocks(inner)
        at = end + 1
    return [block for block in blocks if block]


def _plain_list(tokens: Sequence[Token], opening: Token) -> str:
    """A list with dashes or with its own numbers."""
    number = int(opening.attrs.get("start", 1)) if opening.type == "ordered_list_open" else None
    lines: list[str] = []
    at = 0
    while at < len(tokens):
        end = _closing(tokens, at)
        mark = "- " if number is None else f"{number}. "
        lines.append(_indented("\n".join(_plain_blocks(tokens[at + 1 : end])), mark, " " * len(mark)))
        number = None if number is None else number + 1
        at = end + 1
    return "\n".join(lines)


def markdown_to_plain(text: str) -> str:
    """The text for mail and iCalendar: no marks, links as `words (address)`, an empty line between blocks."""
    return "\n\n".join(_plain_blocks(_MARKDOWN.parse(text))).strip()


_IMPORTED_TAGS = {
    "a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol",
    "p", "pre", "strong", "ul",
}  # fmt: skip


# A division has no Markdown form, but without it two paragraphs would run into one.
_DIVISION = re.compile(r"<(/?)(?:div|section|article|header|footer|tr|dt|dd)\b[^<>]*>", re.IGNORECASE)
_ELEMENT = re.compile(r"<(/?)(?!br|hr)[a-z]")
_TRAILING = re.compile(r"(?<![ \t])[ \t]+(?=\n\n)")  # looks back, else long runs take quadratic time
_LONG_GAP = re.compile(r"\s{40,}")  # markdownify takes quadratic time over them
_TAG = re.compile(r"<[^<>]*>")
_DEEPEST = 40
_HOPELESS = 1000  # unclosed elements before sanitising, whose time grows with their square


def _depth(html: str) -> int:
    """How deep the elements of sanitised HTML lie in each other."""
    marks = (-1 if found[1] else 1 for found in _ELEMENT.finditer(html))
    return max(accumulate(marks), default=0)


def html_to_markdown(html: str) -> str:
    """Markdown of foreign HTML (schedules, feeds); scripts, styles, images and odd links leave nothing.

    HTML nested deeper than 40 elements, which nobody writes, keeps only its words.
    """
    if _depth(html) > _HOPELESS:
        html = _TAG.sub(" ", html)
    html = _LONG_GAP.sub(" ", html)
    safe = nh3.clean(
        _DIVISION.sub(r"<\1p>", html),
        tags=_IMPORTED_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=_LINK_SCHEMES,
        link_rel=None,
    )
    if _depth(safe) > _DEEPEST:
        text = Markup(nh3.clean(safe, tags=set())).unescape()  # noqa: S704 - plain text at once
    else:
        text = str(markdownify(safe, heading_style="ATX", bullets="-"))
    return clean(re.sub(r"\n{3,}", "\n\n", _TRAILING.sub("", text)), long=True)


def excerpt(text: str, limit: int) -> str:
    """The beginning of a plain text on one line, at most `limit` characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: max(limit - 1, 0)]
    if not line[len(cut)].isspace():
        whole = cut.rpartition(" ")[0]
        cut = whole if len(whole) * 2 >= limit else cut
    return cut.rstrip(" ,;:.-–—") + "…"


# --- tables ----------------------------------------------------------------------------------------------


def csv_safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: such a text gets an apostrophe; other values pass."""
    if not isinstance(value, str):
        return value
    risky = value[:1] in ("\t", "\r", "\n") or value.lstrip()[:1] in ("=", "+", "-", "@")
    return f"'{value}" if risky else value


# --- Bulgarian typography --------------------------------------------------------------------------------

_ONE_LETTER = re.compile(r"(?<!\w)([аивсоуякАИВСОУЯК])[ ](?=\S)")
_NUMBER_NOUN = re.compile(r"(?<=\d)[ ](?=[^\W\d_])")
_SHORT_YEAR_HOUR = re.compile(r"(?<=\S)[ ](?=[гч]\.)")


def nbsp(text: str) -> str:
    """No-break spaces as Bulgarian wants: after one-letter words, between number and noun, before г. ч."""
    text = _ONE_LETTER.sub(rf"\1{NO_BREAK_SPACE}", text)
    return _SHORT_YEAR_HOUR.sub(NO_BREAK_SPACE, _NUMBER_NOUN.sub(NO_BREAK_SPACE, text))


# --- the national identity number ------------------------------------------------------------------------

# Not part of a longer number, of a phone number with its country code, or of a decimal fraction.
_TEN_DIGITS = re.compile(r"(?<![\d+])(?<!\d[.,])(\d{6})[ \u00a0-]?(\d{4})(?!\d)")
_MONTH_OFFSETS = {1800: 20, 1900: 0, 2000: 40}
_EGN_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6)


def is_egn(number: str) -> bool:
    """Whether ten digits are a valid ЕГН: a date (month + 20 before 1900, + 40 from 2000) and check digit.

    Bulgarian mobile numbers (087, 088, 089, 098, 099) never are: their "month" does not exist.
    """
    if len(number) != 10 or not number.isdecimal():
        return False
    digits = [int(digit) for digit in number]
    year, month, day = (10 * tens + units for tens, units in (digits[0:2], digits[2:4], digits[4:6]))
    century = 2000 if month > 40 else 1800 if month > 20 else 1900
    try:
        dt.date(century + year, month - _MONTH_OFFSETS[century], day)
    except ValueError:
        return False
    return sum(w * d for w, d in zip(_EGN_WEIGHTS, digits, strict=False)) % 11 % 10 == digits[9]


def egn_in(text: str) -> bool:
    """Whether a free text holds a valid ЕГН, also as `YYMMDD XXXX`; it is refused (PRODUCT 14, DOMAIN 5).

    Ask it for free fields only; fields of the kind phone are exempt.
    """
    return any(is_egn(found[1] + found[2]) for found in _TEN_DIGITS.finditer(text))
