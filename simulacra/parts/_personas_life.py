"""Words of personas: what people like, need, do and care for. Items are divided by semicolons."""

INTERESTS = (
    "chess; birdwatching; choir singing; crossword puzzles; trail running; open-water swimming; knitting; model "
    "railways; allotment gardening; board games; tango; karaoke; salsa; folk dancing; table tennis; badminton; "
    "cricket; rugby; basketball; pétanque; archery; fencing; judo; tai chi; yoga; pilates; weightlifting; rowing; "
    "kayaking; sailing; fishing; ice skating; cross-country skiing; snowboarding; skateboarding; bouldering; "
    "long-distance hiking; geocaching; orienteering; cycling tours; motorcycles; vintage cars; radio-controlled "
    "planes; kite flying; paragliding; stargazing; amateur radio; electronics kits; 3D printing; retro computers; "
    "video games; role-playing games; card tricks; magic; juggling; puppet making; improvised theatre; stand-up "
    "comedy; silent films; science fiction; detective novels; poetry; comics; fantasy sagas; family history; local "
    "history; medieval re-enactment; old maps; coins; stamps; vinyl records; jazz; opera; hip-hop; heavy metal; "
    "flamenco; bluegrass; electronic music; gospel; classical guitar; the accordion; the piano; the violin; the "
    "ukulele; drumming; beat making; songwriting; podcasts; audiobooks; radio plays; street photography; analogue "
    "photography; bird photography; watercolours; oil painting; pottery; origami; calligraphy; bookbinding; "
    "woodcarving; furniture restoration; leatherwork; embroidery; quilting; sewing; weaving; natural dyeing; "
    "jewellery making; soap making; candle making; flower arranging; bonsai; orchids; cacti; houseplants; rose "
    "growing; vegetable growing; permaculture; beekeeping; keeping chickens; aquariums; terrariums; dog agility; "
    "horse riding; cat shelters; wild swimming; mushroom picking; foraging; seaweed collecting; rock collecting; "
    "fossils; butterflies; weather diaries; insect hotels; river clean-ups; urban exploring; train journeys; camper "
    "vans; backpacking; city walks; museum visits; architecture walks; language exchange; Esperanto; sign language; "
    "etymology; debating; quiz nights; philosophy circles; meditation; astrology; theology; volunteering at a food "
    "bank; blood donation; the volunteer fire brigade; mentoring; neighbourhood politics; animal rights; climate "
    "protests; urban cycling; repair cafés; flea markets; second-hand books; thrift fashion; sneakers; watches; "
    "fountain pens; perfume; barbecue; sourdough baking; cheesemaking; home brewing; wine tasting; coffee roasting; "
    "tea ceremonies; hot sauces; vegan cooking; street food; cake decorating; chocolate making; pickling; Korean "
    "cooking; Ethiopian cooking; Persian cooking; cookbooks; football statistics; fantasy football; horse racing; "
    "darts; billiards; bowling; mahjong; backgammon; go; bridge; dominoes; sudoku; jigsaw puzzles; logic puzzles; "
    "mathematics puzzles; home automation; drones; robotics kits; open-source software; cybersecurity contests; "
    "investing; personal finance blogs; true crime; political biographies; travel writing; haiku; diary writing; "
    "letter writing; calligraffiti; graffiti; urban sketching; life drawing; animation; film editing; "
    "documentaries; Bollywood films; K-dramas; anime; telenovelas; soap operas; ballet; contemporary dance; circus "
    "arts; parkour; ultimate frisbee; beach volleyball; handball; floorball; ice hockey; baseball; softball; "
    "lacrosse; squash; tennis; golf; triathlon; ultramarathons; Nordic walking; roller derby; surfing; windsurfing; "
    "scuba diving; canoe polo; ice swimming; sauna culture; caving; climbing glaciers; lighthouses; canals; "
    "bridges; clocks; typewriters; dollhouses; miniature painting; model ships; LEGO sets; kite building; boat "
    "building; tiny houses; log cabins; bell ringing; church organs"
)

NEEDS = {
    "anyone": (
        "sleep better; eat more vegetables without giving up taste; read one book a month; get along with a noisy "
        "neighbour; find a doctor who listens; spend less time on the phone; follow films in another language; save "
        "for an emergency; repair things instead of buying new; speak up in meetings; write clearer messages; "
        "understand a letter from the tax office; plan a holiday without flying; find friends in a new town; get "
        "fit after an injury; remember names; stop putting off paperwork; cook for guests with allergies; choose a "
        "phone that lasts; protect family photographs; tell real news from false; switch to a cheaper electricity "
        "contract; learn to bake; give a speech at a wedding; sell old furniture online; keep plants alive; make "
        "peace with a sibling; write down family recipes; get rid of a phone scammer; understand a medical report; "
        "move to a smaller flat; start a neighbourhood garden; insulate an old house; learn to dance; quit smoking; "
        "lower the noise at home; sort ten thousand photographs; find a choir that takes beginners; learn a song "
        "for a birthday; settle a dispute over a deposit; get a visa for a relative; adopt an older dog; find a "
        "good optician; get rid of old paper files; find a reliable plumber; write a complaint that works; explain "
        "a chronic illness to friends; find a sport that is fun; learn to touch-type; build a bookshelf; budget for "
        "rising rents; get a bicycle back on the road; practise a language every day; find recipes from childhood; "
        "trace a great-grandparent; host a party on a small budget; stop a leaking tap; compare internet providers; "
        "pack lighter; grow herbs on a windowsill; keep a diary; use less plastic; find a second-hand piano; teach "
        "a cat to travel; learn to say no; be on time; overcome a fear of flying; find glasses that fit; make a "
        "will; plan meals for a week"
    ),
    "student": (
        "pass a resit in statistics; find a room near the campus; write a first term paper; get an internship "
        "abroad; finance the last year of training; stop cramming the night before; choose a specialisation; find a "
        "study group; make a portfolio; prepare for an oral exam; cook on two hot plates; combine classes with a "
        "night job; cite sources properly; talk to a teacher about bad marks; win a scholarship; get over "
        "homesickness; give a presentation without notes; learn to code for a course; plan a gap year; find a "
        "supervisor; join a team; understand a difficult textbook; write a letter of motivation; keep up with maths"
    ),
    "early": (
        "get a permanent contract; ask for a first raise; pay back a student loan; find a mentor; share a flat "
        "without quarrels; get through a trial period; change to another field; finish a certificate in the "
        "evenings; find an affordable flat; stop answering mail at midnight; plan a wedding; decide whether to "
        "emigrate; get better at small talk; handle an older colleague's remarks; write a CV that gets replies; "
        "earn something on the side; adopt a first pet; learn from a failed attempt; understand pension schemes; "
        "lead a first team; find time for old friends; buy a used car; negotiate a four-day week; get certified "
        "abroad"
    ),
    "middle": (
        "help a nephew with chemistry; go back to work after a long break; find cover for odd hours; refinance a "
        "mortgage; manage a team twice as large; help an ageing uncle; recover from burn-out; start a business; "
        "change career in midlife; understand new software at work; lose weight slowly; explain a hard decision to "
        "the family; prepare for an audit; fight for a promotion; find time for old friends; renovate a kitchen; "
        "train an apprentice; save for a goddaughter's studies; delegate more; deal with a difficult customer; "
        "travel less for work; get a second opinion on a bad back; go back to studying; reduce working hours"
    ),
    "late": (
        "hand over a business; work part time until the pension; pass on what thirty years have taught; keep up "
        "with younger colleagues; prepare a house for old age; lower blood pressure; plan for retirement; learn "
        "video calls; help a niece with a deposit; travel out of season; make time for a godchild; fight age "
        "discrimination; write a handbook for successors; find lighter work; get hearing aids that help; downsize "
        "without regret; review old insurance policies; stay employed after a restructuring; be there for a friend "
        "who is ill; finish a long project before leaving; mentor a newcomer; learn to rest; get knees through the "
        "winter; clear a full attic"
    ),
    "retired": (
        "stay mobile in winter; see the family more often; learn to use a tablet; write memoirs; live well on a "
        "small pension; find company at lunch; keep the driving licence; choose a place in assisted living; give "
        "away a collection; travel with a walking stick; organise medicines; stay independent after a fall; teach "
        "an old skill to the young; get over the death of a close friend; find a gentle exercise class; avoid fraud "
        "on the phone; get to appointments without a car; record old songs; understand online banking; take care of "
        "a large garden; sort out an inheritance; find a walking group; keep the mind sharp; reunite a scattered "
        "class"
    ),
    "home": (
        "get out of the house more; find part-time work near home; learn a trade online; claim the benefits that "
        "are due; explain a gap in the CV; find an hour alone; share the load with siblings; get an interview; keep "
        "a daily rhythm; retrain for another job; pay bills on one income; find other people in the same situation; "
        "start something small from home; keep up professional contacts; apply for a grant; sell home-made things; "
        "get advice from the job centre; stay patient at the end of the day; find respite care; refresh old "
        "qualifications; volunteer somewhere useful; get through a long winter; be taken seriously; plan the years "
        "ahead"
    ),
}
"""Whose -> what they want to do. The lists beside "anyone" are equally long."""

HABITS = (
    "writes everything on paper cards; gets up at five; never eats breakfast; takes the stairs; drinks tea with "
    "salt; hums while working; carries a pocket dictionary; keeps receipts for years; answers letters the same day; "
    "walks everywhere in any weather; names every tool; reads the last page first; collects overheard sentences; "
    "cooks the same soup every Monday; talks to plants; refuses to own a car; sketches during phone calls; keeps a "
    "spare key with three neighbours; plays the lottery with the same numbers; falls asleep to the radio; writes "
    "with a fountain pen; counts steps; wears two watches; tells stories with long detours; brings home stray cats; "
    "photographs doors; keeps bees in mind when planting; never throws away glass jars; shops with a list; forgets "
    "birthdays; remembers every face; speaks to strangers on trains; checks the weather six times a day; learns "
    "poems by heart; swears in a grandmother's dialect; takes a cold shower each morning; leaves parties without a "
    "word; rehearses phone calls; keeps a diary of dreams; tips too much; eats lunch standing; mends socks; always "
    "sits near the exit; whistles off key; paints the fence every spring; saves old calendars; reads manuals for "
    "fun; asks for the recipe; rearranges furniture when worried; writes reviews of everything; laughs at the wrong "
    "moment; apologises to furniture; rides a bicycle without gears; keeps a jar of foreign coins; plans holidays a "
    "year ahead; watches the same film every December; gives away books after reading; prefers the slow road; "
    "prefers phone calls to messages; sends postcards; works best after midnight; naps after lunch; keeps the radio "
    "on low; tests every recipe twice; labels every shelf; types with two fingers; sings in the car; feeds crows; "
    "buys only second-hand clothes; keeps score at card games; fasts once a week; prays before meals; lights a "
    "candle on Fridays; follows local council meetings; knows every bus driver by name; takes notes in shorthand; "
    "argues with the news; carries an umbrella in summer; cuts the hair of the whole family; bakes bread for the "
    "neighbours; fixes broken umbrellas; reads maps for pleasure; stays silent until the second coffee; keeps lists "
    "of lists; asks children for advice; dances in the kitchen; sleeps with the window open; refuses small talk; "
    "calls a sister every evening; writes to newspapers; grows chillies on the balcony; plays chess by mail; "
    "prefers trains to planes; repairs radios; keeps an empty chair for guests; avoids lifts; swims before sunrise; "
    "wears bright colours; saves articles for later; always arrives early; always arrives late; translates "
    "proverbs; does mental arithmetic in queues; builds furniture from pallets; drives an old van; keeps a rain "
    "gauge; recites train timetables; shares a dog with a neighbour; eats with the radio off; tidies other people's "
    "desks; never finishes a cup of coffee; trades seeds; restores old photographs; hosts a monthly dinner; takes "
    "the longest way home; answers questions with questions; writes backwards for fun; keeps a telescope by the "
    "window; borrows more than the library allows; reads three newspapers; goes to bed at nine; keeps old phones in "
    "a drawer"
)

TEMPERS = (
    "patient; blunt; shy; cheerful; stubborn; dry-humoured; restless; meticulous; generous; sceptical; dreamy; "
    "practical; competitive; gentle; talkative; reserved; impulsive; thrifty; curious; anxious; easy-going; proud; "
    "modest; sarcastic; optimistic; gloomy; loyal; independent; disciplined; forgetful; tender-hearted; "
    "hot-tempered; cautious; daring; methodical; playful; solemn; diplomatic; outspoken; warm; distant; ambitious; "
    "contented; perfectionist; improvising; soft-spoken; loud; witty; earnest; rebellious; conventional; nostalgic; "
    "forward-looking; humble; self-assured; self-critical; tolerant; strict; absent-minded; punctual; resourceful; "
    "sentimental; sober; spontaneous; steady; superstitious; tactful; tenacious; thoughtful; unhurried; untidy; "
    "vigilant; quick-witted; quiet; idealistic; pragmatic; sensitive; thick-skinned; sociable; solitary; "
    "fair-minded; quarrelsome; obliging; suspicious; trusting; inventive; old-fashioned; worldly; down-to-earth; "
    "philosophical"
)

VOICES = (
    "explains everything with drawings; asks before answering; speaks in short sentences; tells a story first; "
    "quotes proverbs; wants sources for every claim; likes numbered steps; prefers plain words; uses the jargon of "
    "the trade; jokes when nervous; asks the same question twice; thinks aloud; compares everything to cooking; "
    "compares everything to sport; likes tables and figures; gets to the point at once; writes long messages; sends "
    "voice messages; mixes two languages; apologises too often; argues for the sport of it; listens more than "
    "talks; asks why five times; distrusts experts; trusts only what can be touched; wants examples from daily "
    "life; reads between the lines; takes words literally; answers in questions; speaks slowly and carefully; "
    "writes without capitals; is polite to the point of ceremony; uses many exclamation marks; likes a good "
    "metaphor; doubts first and agrees later; changes the subject when pressed; remembers what was said years ago; "
    "gives advice unasked; wants the whole picture first; wants the details first; prefers pictures to text; "
    "summarises what others said; keeps opinions private; is quick to praise; is slow to praise; asks for a second "
    "opinion; likes to be corrected; hates being interrupted"
)

VALUES = (
    "fairness; family; privacy; craftsmanship; freedom; tradition; honesty; punctuality; the environment; equal "
    "pay; education for all; animal welfare; faith; science; solidarity; self-reliance; good manners; beauty; "
    "thrift; adventure; safety; hospitality; loyalty; local produce; peace; human rights; hard work; leisure; "
    "creativity; community; independence; truth in the news; children's rights; dignity in old age; sobriety; "
    "humour; open borders; national heritage; small businesses; public transport; free software; clean streets; "
    "silence; health; democracy; modesty; excellence; forgiveness; courage; friendship; justice for victims; second "
    "chances; religious freedom; secular schools; workers' rights; mother tongues; wild places; good food; "
    "technology for everyone; accessibility; mental health; transparency; duty; curiosity"
)

HOMES = (
    "lives alone 18 95 6; lives with parents 16 29 8; shares a flat with two others 18 35 5; lives with a partner "
    "21 95 8; lives with a partner and a baby 22 43 4; raises two children with a partner 26 54 7; brings up a "
    "child alone 22 54 3; lives with a partner and three children 29 55 3; lives with a teenage son 34 62 2; lives "
    "with a teenage daughter 34 62 2; shares a house with grown-up children 46 80 2; lives with a partner since the "
    "children left 48 75 4; lives three doors from two grandchildren 50 95 3; looks after a mother of eighty at "
    "home 45 62 2; is widowed and lives alone 55 95 3; lives in a house of four generations 16 95 2; lives in a "
    "shared house for older people 66 95 2; lives with a sister 20 95 1; lives in a students' hall 18 27 4; lives "
    "with an aunt 16 26 1; lets a room to students 35 85 1; commutes between two homes after a divorce 28 65 1; "
    "lives with a partner and two dogs 23 80 2"
)
"""A household, the first and last age of those who live so, and how common it is."""

CARE = {
    "full-time parent": (
        "raises two children with a partner; brings up a child alone; lives with a partner and a small child; lives "
        "with a partner and three children"
    ),
    "full-time carer of a parent": ("looks after a father who is ill; looks after a mother who cannot live alone"),
    "foster parent": ("has taken in three foster children; lives with a partner and two foster children"),
    "parent who teaches the children at home": ("lives with a partner and three children; raises twins with a partner"),
}
"""Occupation -> the households of those who have it."""

CIRCUMSTANCES = (
    "is left-handed; is colour-blind; is dyslexic; lives with type 1 diabetes; lives with asthma; has a peanut "
    "allergy; was raised by a grandmother; grew up in a family of eight; grew up speaking three languages; came "
    "back after ten years abroad; grew up on an island; grew up in a military family; keeps kosher; keeps halal; is "
    "a vegetarian; left school early and went back; survived cancer; has a twin; lost everything in a flood; was "
    "adopted; stutters; has perfect pitch; is on the autism spectrum; lives with ADHD; has no smartphone; grew up "
    "on a farm; grew up in a children's home; lost a brother young; changed religion; once won a small lottery; is "
    "a godparent of five"
)

LIMITS = (
    "uses a wheelchair; wears hearing aids; is partially sighted; is blind in one eye; lives with epilepsy; is "
    "recovering from a broken hip; lives with multiple sclerosis; has a prosthetic leg"
)
"""Circumstances with which not every occupation is practised."""
