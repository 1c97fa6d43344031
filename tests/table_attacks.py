"""Attacks on tables that share no code with the auditor: searching every table, and flows.

Cells are whole numbers from 0 up. Relations are lists of (cell, coefficient) that sum to 0.
"""

from collections import defaultdict, deque

FAR = 10**9


def crosstab_relations(rows, columns):
    """Every row sums to its total, every column to its, both margins to the grand total."""
    lines = [[f"{r}|{c}" for c in (*columns, "total")] for r in (*rows, "total")]
    lines += [list(line) for line in zip(*lines, strict=True)]
    return [[*((cell, 1) for cell in line[:-1]), (line[-1], -1)] for line in lines]


def every_table(relations, printed, hidden, most=10**6):
    """Return the possible values of each hidden cell, by going through all tables that fit.

    Parameters
    ----------
    printed : dict
        Cell -> value.
    hidden : dict
        Cell -> (low, high), both finite.
    """
    values = {cell: set() for cell in hidden}
    steps = [0]

    def narrowed(bounds):
        bounds, moved = dict(bounds), True
        while moved:
            moved = False
            for relation in relations:
                least = sum(min(k * end for end in bounds[cell]) for cell, k in relation)
                largest = sum(max(k * end for end in bounds[cell]) for cell, k in relation)
                for cell, k in relation:
                    low, high = bounds[cell]
                    others_low = least - min(k * low, k * high)
                    others_high = largest - max(k * low, k * high)
                    ends = sorted((-others_low / k, -others_high / k))
                    new = (max(low, -int(-ends[0] // 1)), min(high, int(ends[1] // 1)))
                    if new[0] > new[1]:
                        return None
                    if new != (low, high):
                        bounds[cell], moved = new, True
                        break
                if moved:
                    break
        return bounds

    def search(bounds):
        steps[0] += 1
        assert steps[0] < most, "the table is too large to go through"
        bounds = narrowed(bounds)
        if bounds is None:
            return
        unknown = [cell for cell in hidden if bounds[cell][0] < bounds[cell][1]]
        if not unknown:
            for cell in hidden:
                values[cell].add(bounds[cell][0])
            return
        cell = min(unknown, key=lambda cell: bounds[cell][1] - bounds[cell][0])
        for value in range(bounds[cell][0], bounds[cell][1] + 1):
            search({**bounds, cell: (value, value)})

    search({**{cell: (value, value) for cell, value in printed.items()}, **hidden})
    return values


def network(relations):
    """Return each cell's two ends, if its two relations can be given opposite signs.

    A cell that stands in one relation only goes to the ground.
    """
    places = defaultdict(list)
    for at, relation in enumerate(relations):
        for cell, k in relation:
            assert k in (1, -1)
            places[cell].append((at, k))
    sign, wait = {}, deque()
    for root in range(len(relations)):
        if root in sign:
            continue
        sign[root] = 1
        wait.append(root)
        while wait:
            at = wait.popleft()
            for cell, k in relations[at]:
                for other, j in places[cell]:
                    wanted = -sign[at] * k * j
                    if other != at and other not in sign:
                        sign[other] = wanted
                        wait.append(other)
                    assert other == at or sign[other] == wanted, "not a network"
    ends = {}
    for cell, found in places.items():
        assert len(found) <= 2, "not a network"
        out = [at for at, k in found if sign[at] * k > 0]
        into = [at for at, k in found if sign[at] * k < 0]
        ends[cell] = (out[0] if out else "ground", into[0] if into else "ground")
    return ends


def possible_by_flow(relations, values, hidden, cell):
    """Return how many whole values a hidden cell may have, by two maximum flows.

    A cell is an arc, its value a flow; it can rise by what others can carry back (Edmonds and
    Karp 1972). Needs relations that form a network.
    """
    ends = network(relations)
    start, end = ends[cell]
    arcs = defaultdict(int)
    for other in hidden:
        if other != cell:
            out, into = ends[other]
            arcs[out, into] += FAR
            arcs[into, out] += values[other]
    if start == end:
        return FAR
    rise = _flow(arcs, end, start)
    fall = min(values[cell], _flow(arcs, start, end))
    return rise + fall + 1


def _flow(arcs, source, sink):
    left = dict(arcs)
    beside = defaultdict(set)
    for one, other in arcs:
        beside[one].add(other)
        beside[other].add(one)
    total = 0
    while total < FAR:
        came = {source: None}
        wait = deque([source])
        while wait and sink not in came:
            at = wait.popleft()
            for other in beside[at]:
                if other not in came and left.get((at, other), 0) > 0:
                    came[other] = at
                    wait.append(other)
        if sink not in came:
            return total
        path, at = [], sink
        while came[at] is not None:
            path.append((came[at], at))
            at = came[at]
        step = min(left[arc] for arc in path)
        for one, other in path:
            left[one, other] -= step
            left[other, one] = left.get((other, one), 0) + step
        total += step
    return FAR
