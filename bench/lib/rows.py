"""The data set: the same rows on every machine and for every server.

Per scale 1,000 users, 10,000 posts of about 500 characters and 50,000 comments. Every post is published, so that all
servers have the same ones to show to somebody who is not signed in.
"""

from collections import namedtuple

User = namedtuple("User", "id username email role password_hash created_at")
Post = namedtuple("Post", "id author_id title body created_at")
Comment = namedtuple("Comment", "id post_id author_id body created_at")

# Everybody's: bcrypt at cost 12. A thousand hashes of their own would only take minutes to make.
PASSWORD = "correct horse battery"
PASSWORD_HASH = "$2a$12$GraphQLBenchFixedSalt.0YAJoacwqJeWOxAM0Vkqoim.gL6sFdO"

# Who asks, and who logs in: two people, since a login may end the oldest session of whoever logs in.
READER = 42
LOGGER = 43

# 2024-01-01, in seconds since 1970.
BEGIN = 1_704_067_200
DAY = 86_400

MASK = (1 << 64) - 1
WORDS = (
    "graph query field type value list node edge cursor page table index row column server client token batch loader "
    "cache thread socket buffer stream future task write read commit lock key user post comment author title naïve "
    "café “quoted” fast slow small large first last again never always often maybe after before under over with "
    "without about between through during against"
).split()


class Dice:
    """splitmix64: Python's own generator may change with its version."""

    def __init__(self, seed):
        self.state = seed & MASK

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return (mixed ^ (mixed >> 31)) % bound


def text(dice, length, lines=False):
    """Words with some punctuation, quotes and, where it is asked for, line breaks: what JSON has to escape."""
    words, size = [], 0
    while size < length:
        word = WORDS[dice.below(len(WORDS))]
        match dice.below(40):
            case 0:
                word += "."
            case 1:
                word += ","
            case 2 if lines:
                word += "\n"
            case 3:
                word = f'"{word}"'
        words.append(word)
        size += len(word) + 1
    return " ".join(words)[:length].strip()


def username(number):
    return f"user_{number:06d}"


def role(number):
    if number == 1:
        return "ADMIN"
    return "MODERATOR" if number <= 20 else "USER"


def users(scale):
    for number in range(1, 1000 * scale + 1):
        name = username(number)
        yield User(number, name, f"{name}@example.org", role(number), PASSWORD_HASH, BEGIN + number * 60)


def posts(scale, dice):
    people = 1000 * scale
    for number in range(1, 10_000 * scale + 1):
        author = 1 + dice.below(people)
        title = text(dice, 30 + dice.below(50))
        body = text(dice, 400 + dice.below(200), lines=True)
        yield Post(number, author, title, body, BEGIN + DAY + number * 300)


def comments(scale, dice):
    people, written = 1000 * scale, 10_000 * scale
    for number in range(1, 50_000 * scale + 1):
        # One in fifty goes under the first hundred posts, so that a page of ten really ends there.
        post = 1 + (dice.below(100) if dice.below(50) == 0 else dice.below(written))
        author = 1 + dice.below(people)
        yield Comment(number, post, author, text(dice, 40 + dice.below(160)), BEGIN + 4_000_000 + number * 60)


def everything(scale):
    """Users, posts and comments, each in the order of their making."""
    dice = Dice(20240101)
    # The dice roll in this order.
    return list(users(scale)), list(posts(scale, dice)), list(comments(scale, dice))
