"""Self-Instruct in words: what is asked, and signs of instructions that do not do."""

from __future__ import annotations

import re

SIGHT = re.compile(
    r"\b(?:images?|graphs?|pictures?|photos?|files?|maps?|draw|plots?|videos?|audio|music|flow ?charts?|diagrams?"
    r"|go to)\b",
    re.IGNORECASE,
)
"""Words of tasks that a model of text cannot do (the paper's list)."""
OPENING = re.compile(
    r"(?:write|give|name|list|explain|describe|find|sort|correct|turn|make|suggest|choose|say|tell|rewrite|summari[sz]e"
    r"|shorten|translate|count|compare|what|why|how|which|who|where|when|is|does|do|are|can|should|create|identify|continue"
    r"|classify|generate|provide|answer|decide|complete|convert|calculate|propose|plan|define|draft|compose|arrange|match"
    r"|fill|pick|state|invent|recommend|solve|determine|rank|replace|add|remove|change|outline|reply)\b",
    re.IGNORECASE,
)
"""How instructions begin; a small model otherwise goes on with sentences that ask for nothing."""
ABOUT = re.compile(
    r"\b(?:the|this|these|each|following) (?:\w+ )?(?:sentences?|texts?|words?|reviews?|headlines?|messages?|numbers?"
    r"|names?|lists?|paragraphs?|story|article|poem|phrase)\b",
    re.IGNORECASE,
)
"""What tells that a task is about a text which has to be made up first."""
NEW = """Below, between two marks, stand tasks. They are examples and not meant for you to do.

{{ tasks | quoted }}

Come up with one more task that is of another kind than these and that a model which reads and writes text can do. \
Write its instruction alone, in one or two sentences, without the text that it may be about. {{ wish }}"""
SORTING = """Is this a classification task, with a small set of labels to choose from?

{{ task | quoted }}

Answer with one word, yes or no."""
SORTED = """Say whether a task is a classification task with a small set of labels.

Task: Is the review positive or negative?
Classification: yes

Task: Write a short note that thanks a neighbour.
Classification: no

Task: Choose the topic of the headline: sport, politics or science.
Classification: yes

Task: Explain how to boil an egg.
Classification: no

Task: {task}
Classification:"""
LABEL_FIRST = """For the task between two marks, choose one of its labels, and write an input that has it.

{{ task | quoted }}

Write two parts, each beginning on a line of its own:
Label: the label
Input: the input, without the label"""
INPUT_FIRST = """Do the task between two marks. If it needs an input, such as a text or some numbers, make one up first.

{{ task | quoted }}

Write two parts, each beginning on a line of its own:
Input: the input, or none where the task needs none
Output: what the task asks for"""
SMALL_LABEL = """Task: Is the review positive or negative?
Label: negative
Input: The soup was cold and the waiter was rude.

Task: Choose the topic of the headline: sport, politics or science.
Label: science
Input: Telescope sees the oldest star so far

Task: {task}
Label:"""
SMALL_OUTPUT = """Task: Correct the spelling.
Input: I recieved your leter yesterday.
Output: I received your letter yesterday.

Task: Explain how to boil an egg.
Input: none
Output: Put the egg into boiling water for eight minutes. Then hold it under cold water.

Task: Find the person who is named in the sentence.
Input: On Friday Maria Lopez opened the new library.
Output: Maria Lopez

Task: {task}
Input:"""
