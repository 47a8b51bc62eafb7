"""Can two kinds of answers be told apart by how long they take?"""


def rank_test(ours, theirs):
    """Mann-Whitney's z: how far the two can be told apart; above 0, ours are the larger ones."""
    ranks = sorted([(value, 0) for value in ours] + [(value, 1) for value in theirs])
    total = sum(place + 1 for place, (_, of) in enumerate(ranks) if of == 0)
    n, m = len(ours), len(theirs)
    u = total - n * (n + 1) / 2
    return (u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5


def told_apart(measure, limit):
    """Whether both of two measurements say so, of which each is a z: chance, which passes 3.3 one time in a thousand, does it
    twice one time in a million.  The second is made only if the first says so."""
    return all(abs(measure()) >= limit for _ in range(2))
