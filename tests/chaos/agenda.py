"""What a run of faults does when."""
import heapq
import itertools
import time

AGAIN = 0.5  # seconds until what could not be done is tried again
LOOK = 0.1  # seconds between two looks at what goes on meanwhile


class Agenda:
    """`counts` says how often what has been done, by name."""

    def __init__(self, random, counts):
        self.random, self.counts = random, counts
        self.entries, self.order = [], itertools.count()
        self.asked_for = set()  # names of counts
        self.seconds = self.end = 0

    def begin(self, seconds):
        self.seconds, self.end = seconds, time.monotonic() + seconds

    def at(self, seconds, action, *arguments):
        """Does it so many seconds from now."""
        heapq.heappush(self.entries, (time.monotonic() + seconds, next(self.order), action, arguments))

    def every(self, seconds, action, name):
        """Does it again and again, on average every so many seconds, until the end, and the first time well
        before that. `name` is what the action counts; if it did not, there was nothing to do it to, and it
        is tried again soon."""
        def again():
            before = self.counts[name]
            action()
            plan(self.random.expovariate(1 / seconds) if self.counts[name] > before else AGAIN)

        def plan(pause):
            if time.monotonic() + pause < self.end:
                self.at(pause, again)

        if seconds > 0:
            self.asked_for.add(name)
            latest = self.random.uniform(0, 0.7 * self.seconds)
            plan(min(self.random.expovariate(1 / seconds), latest))

    def follow(self, look):
        """Until the end, and until nothing is left to do. Calls look() now and then."""
        while self.entries or time.monotonic() < self.end:
            now = time.monotonic()
            if self.entries and self.entries[0][0] <= now:
                _, _, action, arguments = heapq.heappop(self.entries)
                action(*arguments)
                continue
            look()
            due = min(self.entries[0][0] if self.entries else self.end, now + LOOK)
            time.sleep(max(0.001, due - now))
