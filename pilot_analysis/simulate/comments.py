"""What teachers of the simulated pilot write; nobody is named."""

from collections.abc import Mapping

__all__ = ["ADDED", "COMMENTS", "DISPUTED"]

COMMENTS: Mapping[str, tuple[str, ...]] = {
    "warm": (
        "The reports tell me whom to pull into a small group.",
        "My students ask for it, even the ones who never ask for practice.",
        "It gives everyone something at the right level while I work with a few.",
        "I would miss it if it went away.",
        "The lessons are short enough for my students to finish one and feel proud.",
        "For the first time I know on Monday who is stuck on what.",
        "Setting up took a morning; since then it has run by itself.",
        "Students who are quiet in class show what they can do here.",
        "The level checks were right about most of my students.",
        "It is the calmest part of our day.",
        "My newcomers can work alone for the first time.",
        "Families see the certificates and ask about them.",
        "I plan my week from the Friday report.",
        "Students help each other without giving the answer away.",
    ),
    "mixed": (
        "Good for practice, but it does not teach anything new.",
        "I like the reports; my students like the games less every month.",
        "It works when the devices work.",
        "Some students race through without reading the questions.",
        "We lose time to sign-in, then it goes well.",
        "Fine for most of the class, too hard for those who need it most.",
        "I need more time to plan around it than I was told.",
        "The sound is distracting without enough headphones.",
        "Useful in fall; after the holidays we never found the rhythm again.",
        "I would use it more if the lessons matched our units.",
        "The schedule leaves room for it only twice a week.",
        "Strong students run out of lessons.",
        "It depends on the day, and on the cart being charged.",
        "The training was good, but it came before we had seen the product.",
    ),
    "cool": (
        "It takes time away from reading real books and solving real problems.",
        "My students click until something happens.",
        "The lessons do not match what we teach.",
        "When something breaks nobody answers for weeks.",
        "One more thing to manage, on top of everything else.",
        "The reports tell me what I already know.",
        "Students with little English could not follow the instructions.",
        "We were told it would save time. It has not.",
        "The youngest cannot sign in without an adult.",
        "After the second month it was a fight to get them started.",
        "I use it because we have to.",
        "The badges get more attention than the lessons.",
    ),
}
"""tone -> comments; a teacher's tone follows from what the teacher thinks of the product"""

DISPUTED: Mapping[str, tuple[str, ...]] = {
    "use": (
        "The minutes leave out the weeks when our devices were away for testing.",
        "Some of our classes worked on paper copies in spring; that is not counted.",
        "Students who share a device show up as one.",
    ),
    "recommend": (
        "Some of us had last year's version in mind.",
        "The question asks about colleagues; ours teach other grades.",
        "We answered before the new reports came.",
    ),
    "learning": (
        "Our comparison classes use another program, so the comparison is not fair to us.",
        "The test asks for little of what we practiced.",
        "Several of our strongest students moved away.",
    ),
    "teachers": (
        "The observers came in the week before a holiday.",
        "Engagement looks different in a quiet class.",
        "The sheet does not fit work in pairs.",
    ),
}
"""finding of a draft -> what a team holds against it"""

ADDED: Mapping[str, tuple[str, ...]] = {
    "use": (
        "We moved to a new schedule in February; the drop begins there.",
        "Headphones came in December; use rose after that.",
        "Our substitute did not have a sign-in.",
    ),
    "recommend": (
        "Those who would not recommend it teach the youngest students.",
        "We would recommend the reports more than the lessons.",
        "Ask again when we have had a whole year.",
    ),
    "learning": (
        "The spring test came earlier than last year.",
        "Our small groups changed too, not only the software.",
        "Look at the students who finished the most lessons.",
    ),
    "teachers": (
        "Ask also about the reports; that is what we use most.",
        "A visit in the afternoon would have shown more.",
        "Our coach sat in on most of these lessons.",
    ),
}
"""finding of a draft -> what a team adds to it"""
