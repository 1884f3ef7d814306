"""Hold the texts of the welcome and demonstration posts by column.

The demonstration posts and their sources are invented. They use every field; each leaves some out.
"""

from __future__ import annotations

from typing import Any

WELCOME: dict[str, Any] = {
    "title": "Welcome to your new blog",
    "author_name": "Talkback",
    "standfirst": (
        "This is the first post. Answer it below: what you write appears at once, here and for everybody else "
        "who has this page open."
    ),
    "photo_url": "/static/img/demo/welcome.svg",
    "photo_alt": "A table by a window, with an open newspaper and a cup.",
    "photo_caption": "A morning paper, and somebody to talk it over with.",
    "photo_credit": "Linocut: Talkback",
    "note": "This post goes away by itself when you import your old blog, unless somebody has answered it.",
    "labels": ["Welcome"],
}

BAKER: dict[str, Any] = {
    "title": "The baker who starts the day before",
    "author_name": "Ida Marsh",
    "standfirst": (
        "In a harbour town with one oven left, the loaf that is sold at seven was begun at four the afternoon before. "
        "The waiting, says its baker, is the work."
    ),
    "photo_url": "/static/img/demo/loaf.svg",
    "photo_alt": "A round loaf with a cross cut into its crust, on a board with a knife and two ears of wheat.",
    "photo_caption": "The four-pound loaf: wheat, a fifth of rye, salt, and fifteen hours.",
    "photo_credit": "Linocut: Talkback",
    "source_name": "The Saltmarsh Courier",
    "source_title": "Forty loaves, two hands and one long night",
    "source_url": "https://example.org/saltmarsh-courier/forty-loaves",
    "quote": (
        "By four in the afternoon the shop has been shut for two hours, and Agnes Pell is weighing flour for a morning "
        "that nobody else in the street is thinking of yet. “People suppose that I get up early,” she says. “I don’t "
        "get up early. I start the day before.”\n\n"
        "The dough is mixed by hand in a trough that came with the building, folded every half hour until six, and "
        "then left alone. It is the leaving alone, she insists, that her customers pay for: “Time is the one thing "
        "I put in that the factory can’t afford.”\n\n"
        "By five the oven, which was built in 1911 to bake ship’s biscuit, has come down to the right heat of its own "
        "accord. There is no thermometer. She throws in a pinch of flour and counts until it browns."
    ),
    "note": (
        "Pell sells out by nine, on Saturdays by eight. If you bake at home, the part of this to steal is the last: "
        "throw a pinch of flour on the oven floor, count until it browns, and write the number down beside the loaf "
        "that came out. After three loaves you have a thermometer.\n\n"
        "What is your number? Tell us below, and what kind of oven it is."
    ),
    "labels": ["Bread", "Work"],
}

SLEEPER: dict[str, Any] = {
    "title": "After nineteen years the night train stops here again",
    "author_name": "Tomas Reid",
    "standfirst": "Eleven coaches, four of them sleepers, and a timetable with two minutes to spare at the viaduct.",
    "photo_url": "/static/img/demo/night-train.svg",
    "photo_alt": "A train with lit windows crosses a high viaduct under a full moon.",
    "photo_caption": "The up train on the viaduct, a little after ten.",
    "photo_credit": "Linocut: Talkback",
    "source_name": "Platform & Signal",
    "source_title": "Sleepers return to the old mail line",
    "source_url": "https://example.com/platform-and-signal/sleepers-return",
    "quote": (
        "The 22.14 drew in eleven minutes late and was forgiven. Some three hundred people stood on a platform built "
        "for eighty; somebody had brought a trombone. When the doors opened, four passengers got out, looked at the "
        "crowd, and apologised for not being anybody.\n\n"
        "The coaches are leased for three years. After that the line has to carry 140 passengers a night to pay for "
        "itself: about one in nine of the people who now cross the valley by car between ten and six."
    ),
    "note": (
        "The last sleeper left on a wet Sunday with two people to see it off, and both of them wrote to us about it. "
        "If you were one of the four who got out on Friday, please introduce yourself."
    ),
    "labels": ["Night", "Railways"],
}

CORRECTION: dict[str, Any] = {
    "title": "A correction, and thanks for it",
    "author_name": "Ida Marsh",
    "note": (
        "On Tuesday we wrote that the old bridge at Nether Wick has seven arches. By Wednesday four of you had been "
        "out to count them. It has six, and a culvert that looks like an arch from the mill side when the river is "
        "low; the post now says so.\n\n"
        "One of the four sent a measured drawing. We should like to print it, if its author will tell us a name to put "
        "under it."
    ),
    "labels": ["Corrections", "Local history"],
}

LAMPS: dict[str, Any] = {
    "title": "The valley that put out its lamps at eleven",
    "author_name": "Tomas Reid",
    "photo_url": "/static/img/demo/stars.svg",
    "photo_alt": "Star trails turn around the pole above dark hills; one window in the village is lit.",
    "photo_credit": "Linocut: Talkback",
    "source_name": "Proceedings of the Upper Lamble Stargazers",
    "source_title": "A count of stars, before and after",
    "source_url": "https://example.org/upper-lamble/count-of-stars",
    "quote": (
        "Before the change, ordinary eyes could count some two hundred stars above the school roof on a clear night. "
        "On 3 October, the first clear night after it, the top class counted until they were sent home. The highest "
        "tally was 1,340; its author admits to having guessed the last forty.\n\n"
        "The parish had expected complaints about safety, and received two, both from the same address. It had not "
        "expected the owls."
    ),
    "note": (
        "The lamps cost £4,100 a year less, which goes to the footbridge. We are told that the owls are tawny, and "
        "that there are at least three."
    ),
    "labels": ["Night", "Villages"],
}

WOOD_TYPE: dict[str, Any] = {
    "title": "Two drawers of wood type, and one letter missing",
    "author_name": "Ida Marsh",
    "standfirst": "A house clearance in Mill Lane has turned up the alphabet that the town was shouted at in.",
    "photo_url": "/static/img/demo/wood-type.svg",
    "photo_alt": "Blocks of wooden poster type in a case: a large R, an ampersand, an a, a g, and one empty place.",
    "photo_caption": "Pear wood, end grain, type high. The empty place is the second G’s.",
    "photo_credit": "Linocut: Talkback",
    "body": (
        "<p>They were under the stairs, behind a mangle: two shallow drawers, each as wide as a door, lined with pages "
        "of a seed catalogue. In them lay ninety-one blocks of pear wood, black with ink and worn round at the corners"
        ", and a note in pencil: <i>Not to be lent to the circus.</i></p>"
        "<p>Anybody who grew up here has read them. They are the letters of the auction bills, of the regatta, and of "
        "the sign that stood for thirty years at the level crossing. Set side by side, they are not as alike as one "
        "remembers: the two R’s have different legs, and one S was plainly cut by somebody who was left-handed.</p>"
        "<h2>What is missing</h2>"
        "<p>There should be two G’s, and there is one. Bills from before 1932 say GRAND EVENING CONCERT without "
        "trouble. From that summer on it is always a CONCERT IN THE EVENING, and the fireworks are never grand again. "
        "If you know where the other G went, forty years of posters would like to hear from you.</p>"
    ),
    "labels": ["Local history", "Typography"],
}

CABLE: dict[str, Any] = {
    "title": "Listening for whales with a telephone cable",
    "standfirst": "A line that had nothing left to carry turns out to be sixty kilometres of ears.",
    "photo_url": "/static/img/demo/whale.svg",
    "photo_alt": "A whale, far larger than the rowing boat above it, swims under a sea full of stars.",
    "source_name": "The Fathom Review",
    "source_title": "What the old cable hears",
    "source_url": "https://example.org/fathom-review/old-cable",
    "quote": (
        "A glass fibre that is squeezed, if only by a sound, sends a little of its light back a little too early. Send "
        "a thousand pulses a second down a cable on the sea bed, and every few metres of it become a microphone. The "
        "island’s old line carries nothing now but the weather report of a lighthouse. It hears everything.\n\n"
        "In its first winter it heard ships, ice, one small earthquake and, on eleven nights, something that swept "
        "down from twenty-five hertz to fifteen and came again after a quarter of a minute. “We knew what it was,” "
        "says the cable’s keeper. “But we played it to each other all the same, ten times too fast, so as to hear it "
        "sing.”"
    ),
    "note": (
        "For comparison: the lowest key of a piano is at 27.5 hertz, and most people stop hearing a *note* at about "
        "twenty. Below that one hears the loudspeaker flap."
    ),
    "labels": ["Ocean"],
}

EMPTY_ROOM: dict[str, Any] = {
    "title": "The library that lends out a room with nothing in it",
    "author_name": "Tomas Reid",
    "photo_url": "/static/img/demo/library.svg",
    "photo_alt": "Tall shelves of books, a ladder leaning on them, and a door that stands open on an empty room.",
    "photo_caption": "The door at the end of the second floor. The ladder is for the books.",
    "source_name": "The Readers’ Union Circular",
    "source_title": "Please may I borrow the quiet?",
    "source_url": "https://example.com/readers-union/borrow-the-quiet",
    "quote": (
        "It holds a table, a chair and a window on to a wall. There is no socket, and the network does not reach. It "
        "is lent by the hour on an ordinary ticket, and since March it has been out more often than any book in the "
        "building.\n\n"
        "Borrowers are asked to write in the ledger what they did there. “Finished it,” says one line. “Began it "
        "again,” says the next, in the same hand. The commonest entry is “Nothing”, often underlined."
    ),
    "labels": ["Libraries"],
}

FLOOD = """\
<div style="text-align: left;">The mill at Nether Wick has been shut since spring, and the wall on the river side is \
down to the stone. That is how the marks came to light again: eleven lines cut by eleven millers, each with a year.\
<br /><br />
<table align="center" cellpadding="0" cellspacing="0" class="tr-caption-container" \
style="margin-left: auto; margin-right: auto; text-align: center;"><tbody>
<tr><td style="text-align: center;"><a href="/static/img/demo/bridge.svg"><img alt="A stone bridge of six arches \
with a mill beside it, the river high." border="0" height="400" src="/static/img/demo/bridge.svg" width="600" />\
</a></td></tr>
<tr><td class="tr-caption" style="text-align: center;">The bridge from the mill side, as it stood in the last flood \
but one.</td></tr>
</tbody></table>
We went with a tape measure, and then to the parish chest to see what else each flood had left behind. Five things, in \
the order in which they turned up:<br /><br />
<ol>
<li>A <b>church bell</b>, in a field two miles down, unhurt. It hangs there still; the church came to the bell.</li>
<li>The <b>right of way</b> along the bank, since for three weeks there was no other road, and nobody thought to end \
it.</li>
<li>A <b>cheese</b> of forty pounds, claimed by four farms.</li>
<li>The name <b>Eel Street</b>.</li>
<li>A letter, in the chest, from a clerk who was asked to put the damage into figures:</li>
</ol>
<blockquote>Sir, I have the honour to report that the water came into the vestry to the height of the second button of \
my coat. I did not stay to see whether it reached the third.</blockquote>
The heights, from the sill of the mill door:<br /><br />
<table>
<tr><th>Year</th><th align="right">Height</th><th>What is cut beside it</th></tr>
<tr><td>1795</td><td align="right">4 ft 2 in</td><td>a fish</td></tr>
<tr><td>1852</td><td align="right">3 ft 11 in</td><td>the miller’s initials</td></tr>
<tr><td>1912</td><td align="right">2 ft 6 in</td><td>“not so bad”</td></tr>
<tr><td>1947</td><td align="right">5 ft 1 in</td><td>nothing</td></tr>
</table>
<br />
The clerk’s coat was measured for us at the museum. Its second button is at 3 ft 11 in.</div>
"""

FLOOD_MARKS: dict[str, Any] = {
    "title": "Five things the flood left at Nether Wick",
    "author_name": "Ida Marsh",
    "body": FLOOD,
    "labels": ["Local history", "Villages"],
}

DEMO_POSTS: list[dict[str, Any]] = [
    BAKER,
    SLEEPER,
    CORRECTION,
    LAMPS,
    WOOD_TYPE,
    CABLE,
    EMPTY_ROOM,
    FLOOD_MARKS,
]
