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
