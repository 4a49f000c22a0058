"""What instruction data start from where the user brings nothing: tasks with answers, and what people talk about."""

TASKS: tuple[tuple[str, str, str], ...] = (
    ("Give three tips for keeping a houseplant alive.", "",
     "1. Put it where it gets light for most of the day.\n2. Water it only when the top of the soil is dry.\n"
     "3. Use a pot with a hole, so that water can run off."),
    ("Explain to a child why the moon changes its shape.", "",
     "The moon is always a ball. The sun lights one half of it, and as the moon goes around us we see more or less of "
     "the bright half."),
    ("Rewrite the sentence so that it sounds friendly.", "Send me the file today.",
     "Could you please send me the file today? Thank you!"),
    ("Is the review positive or negative? Answer with one word.", "The soup was cold and the waiter was rude.",
     "negative"),
    ("Sort the words by the alphabet.", "pear, apple, fig, cherry", "apple, cherry, fig, pear"),
    ("Turn the temperature into degrees Fahrenheit.", "20 degrees Celsius", "68 degrees Fahrenheit"),
    ("Write a short note that thanks a neighbour for feeding the cat.", "",
     "Dear Anna, thank you so much for looking after Tom last week. He was happy and well fed, and so were we. Come by "
     "for coffee soon!"),
    ("Find the person who is named in the sentence.", "On Friday Maria Lopez opened the new library.", "Maria Lopez"),
    ("What is the difference between weather and climate?", "",
     "Weather is what happens in the air today or this week. Climate is what the weather is usually like over many "
     "years."),
    ("Make a shopping list for pancakes.", "", "- flour\n- eggs\n- milk\n- butter\n- salt"),
    ("Shorten the text to one sentence.",
     "The museum will be closed in March. New windows are put in and the roof is mended. It opens again on 2 April.",
     "The museum is closed for repairs in March and opens again on 2 April."),
    ("Does the message ask for something? Answer yes or no.", "Can you call me back before five?", "yes"),
    ("Correct the spelling.", "I recieved your leter yesterday.", "I received your letter yesterday."),
    ("Name an animal that sleeps through the winter, and say why it does.", "",
     "A hedgehog. In winter it finds no insects to eat, so it sleeps and saves its strength."),
    ("Continue the story with two sentences.", "The lift stopped between two floors, and the light went out.",
     "For a moment nobody said a word. Then the old lady in the corner took a torch out of her bag and laughed."),
    ("How many hours are there in three days and four hours?", "", "Three days have 72 hours, so there are 76 hours."),
    ("Suggest a title for an article about bicycles in cities.", "", "Two Wheels Are Enough"),
    ("Choose the topic of the headline: sport, politics or science.", "Telescope sees the oldest star so far",
     "science"),
    ("Explain how to boil an egg.", "",
     "Put the egg into boiling water for eight minutes. Then hold it under cold water, so that the shell comes off "
     "easily."),
    ("Write a question for which the sentence is the answer.", "The train leaves at seven.",
     "When does the train leave?"),
    ("List two arguments for and two against working from home.", "",
     "For: no way to work, and quiet hours. Against: fewer chats with others, and work that never ends."),
    ("Say in plain words what the sentence means.", "The meeting was adjourned owing to a lack of attendance.",
     "The meeting was put off because too few people came."),
    ("Which word does not belong with the others?", "chair, table, lamp, carrot", "carrot"),
    ("Give advice to somebody who cannot fall asleep.", "",
     "Go to bed at the same time every day, and put the phone away an hour before. If you lie awake, get up and read "
     "until you are tired."),
)  # fmt: skip
"""Instruction, input ("" for none) and output."""

TOPICS = (
    "a kettle that stopped working after a week", "learning to swim as an adult", "a birthday party for ten children",
    "a bill that is higher than last month", "growing tomatoes on a balcony", "a first day at a new job",
    "a bicycle that squeaks", "planning a week in the mountains", "a dog that is afraid of thunder",
    "writing a letter to a landlord", "choosing a first telescope", "a recipe without milk and eggs",
    "a parcel that never came", "preparing for a maths exam", "saving money on a small income",
    "a cough that will not go away", "learning a language in the evening", "a noisy neighbour",
    "moving to another town with a cat", "a computer that became slow", "baking bread for the first time",
    "starting to run after a long break", "a present for a grandfather who reads", "a password that was forgotten",
)  # fmt: skip
"""What a user may want to talk about."""

ADDED = {
    "constraints": (
        "Use at most 60 words.", "Write it as a list of exactly three points.", "Do not use a list.",
        "Use words that a child of eight knows.", "Begin with a question.", "End with a summary of one sentence.",
        "Write in the tone of a letter to a friend.", "Name no brands.", "Every sentence has at most twelve words.",
        "Put the most important thing first.", "Do not use the word very.", "Use no numbers.",
    ),
    "deepening": (
        "Also explain why this is so.", "Say as well what happens if it is done wrong.",
        "Name one case in which it does not hold.", "Compare it with the most common other way.",
        "Tell also what people most often get wrong about it.", "Say what has changed in it over fifty years.",
        "Mention what an expert would add.", "Say for whom it matters most, and why.",
    ),
    "concretising": (
        "Have a family of four in a small flat in mind.", "Take a school of 300 pupils as the case.",
        "Give an example from a bakery that opens at six.", "Suppose that it is a rainy Monday in November.",
        "Write for Greta, who is 71 and lives alone.", "Suppose that there are twenty minutes and ten dollars.",
        "Take a village by the sea as the place.", "Suppose that the reader has done it once and failed.",
    ),
    "reasoning": (
        "Give your reasons step by step before the result.", "Weigh two arguments against each other first.",
        "First list what is known and what is not, then decide.", "Consider three ways, and say why two are worse.",
        "Say how one could check that the answer is right.", "Start from the goal and work backwards.",
    ),
}  # fmt: skip
"""What is added to an instruction to evolve it without a model, by kind of evolution."""
