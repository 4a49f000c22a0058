"""Words of personas: fields of work, what is known and studied in each, and its occupations with what they ask for.

An occupation is "title CODES years weight [last]": CODES are the kinds of education that lead to it (n none, s
secondary school, v vocational training, b bachelor, m master, p professional degree, d doctorate), years the least
experience after it, weight how common it is, last the age at which one leaves it (70 where none is given).
"""

WORK = {
    "healthcare": (
        "nursing; medicine; physiotherapy",
        "wound care; medicines for the elderly; patient records; infection control; diabetes in the young; pain "
        "relief; night shifts on a ward; vaccination campaigns; talking about bad news; rehabilitation after a "
        "stroke; premature babies; triage in a crowded clinic",
        "ward nurse vb 0 9; midwife vb 1 4; general practitioner pd 3 6; heart surgeon pd 8 1; pharmacist bm 1 5; "
        "physiotherapist bm 0 5; paramedic vb 1 4 60; radiographer vb 0 3; dental hygienist v 0 3; dentist p 1 4; "
        "speech therapist bm 0 3; occupational therapist bm 0 3; care home assistant nsv 0 7; paediatrician pd 6 2; "
        "hospital porter ns 0 3; optician vb 0 3; epidemiologist md 3 1; psychiatrist pd 6 2",
    ),
    "education": (
        "primary education; special education; linguistics",
        "reading difficulties; fractions; classroom conflicts; lesson plans; phonics; exam marking; multilingual "
        "classes; learning through play; homework that helps; parents' evenings; outdoor lessons; adult literacy",
        "primary school teacher bm 0 9; mathematics teacher bm 0 6; history teacher bm 0 4; kindergarten teacher vb "
        "0 6; head teacher m 10 2; school librarian bm 0 2; special needs teacher bm 1 3; driving instructor sv 5 "
        "3; university lecturer md 3 4; professor of linguistics d 12 1; teaching assistant sv 0 5; music teacher "
        "bm 0 3; private tutor sbm 0 4; adult education teacher bm 3 3; school caretaker nsv 2 2; curriculum "
        "developer m 6 1",
    ),
    "law": (
        "law; criminology",
        "tenancy disputes; contracts; patents; juvenile courts; immigration appeals; inheritance; consumer rights; "
        "mediation; forensic evidence; data protection; maritime claims; small claims",
        "judge p 15 2; public defender p 2 2; tax lawyer p 3 2; patent attorney p 4 1; notary p 5 2; paralegal vb 0 "
        "4; court interpreter bm 2 1; legal secretary sv 0 4; prosecutor p 4 2; family lawyer p 2 3; court clerk vb "
        "1 3; human rights lawyer p 3 1; mediator bmp 5 2; prison officer sv 1 3 62; probation officer b 1 2",
    ),
    "software": (
        "computer science; information systems",
        "slow databases; accessibility of web pages; legacy code; test automation; compilers; encryption; app "
        "stores; incident reviews; machine translation; embedded controllers; data pipelines; code review",
        "web developer svbm 0 8; database administrator vbm 2 4; security analyst bm 2 3; game programmer bm 1 3; "
        "software tester svb 0 5; data engineer bm 1 4; systems administrator vb 1 5; mobile app developer bm 0 4; "
        "technical writer bm 1 2; software architect bm 10 2; support technician sv 0 5; machine learning engineer "
        "md 1 3; open-source maintainer sbm 4 1; user experience designer bm 1 3; computer science researcher d 1 "
        "1; scrum master bm 4 2",
    ),
    "engineering": (
        "mechanical engineering; civil engineering; electrical engineering",
        "bridge inspections; vibration; water supply; tunnel ventilation; power grids; lightweight materials; "
        "robots on assembly lines; noise barriers; crash tests; elevator safety; heat pumps; satellite antennas",
        "civil engineer bm 1 6; mechanical engineer bm 0 6; electrical engineer bm 0 5; structural engineer bm 3 3; "
        "chemical engineer bm 1 3; aerospace engineer m 1 2; land surveyor vb 1 3; draughtsperson v 0 3; quality "
        "inspector sv 2 4; acoustics consultant m 4 1; railway signalling engineer b 3 1; robotics engineer m 1 2; "
        "building energy adviser vb 2 2; nuclear safety engineer m 6 1; naval architect m 3 1",
    ),
    "construction": (
        "building technology; carpentry",
        "old timber frames; damp walls; roof insulation; scaffolding; stairs; lime plaster; underfloor heating; dry "
        "stone walls; building permits; concrete in winter; window repair; site safety",
        "bricklayer nsv 0 5 66; carpenter v 0 6; electrician v 0 7; plumber v 0 7; roofer nsv 0 4 63; painter and "
        "decorator nsv 0 5; crane operator sv 2 3; site manager vb 7 3; tiler v 0 3; stonemason v 2 2; glazier v 0 "
        "2; scaffolder nsv 0 3 60; plasterer nsv 0 3; architect m 3 4; restorer of old houses vb 5 1; road worker "
        "ns 0 4 65",
    ),
    "farming": (
        "agriculture; forestry",
        "drought; goats' milk; crop rotation; bees in winter; vineyard soil; cattle prices; grafting fruit trees; "
        "irrigation by night; organic certificates; lambing season; seed saving; pests without poison",
        "dairy farmer nsvb 2 5; beekeeper nsvb 1 2; wine grower svb 3 3; shepherd nsv 1 2; fruit grower nsv 2 3; "
        "rice farmer nsv 2 4; forester vb 1 3; tractor mechanic v 0 2; coffee grower nsv 2 3; horse breeder nsv 4 "
        "1; vegetable grower nsv 1 4; agronomist m 1 2; fish farmer nsv 1 2; tree surgeon sv 1 2 60; olive miller "
        "nsv 3 1; cattle vet p 2 2",
    ),
    "food": (
        "food technology; hotel management",
        "sourdough; food hygiene; seasonal menus; knife skills; fermentation; coffee roasting; allergies; pastry "
        "for weddings; street food licences; cheese ripening; cooking for a hundred; wasting less food",
        "baker nsv 0 5; head chef sv 8 3; line cook nsv 0 6; waiter nsv 0 8; barista nsb 0 5; butcher v 0 3; pastry "
        "chef v 2 3; cheesemaker sv 2 2; brewer vb 2 2; food critic bm 6 1; restaurant owner nsvb 5 3; school cook "
        "nsv 1 3; nutritionist bm 0 3; fishmonger nsv 1 2; food truck owner nsv 2 2; sommelier sv 4 1; food safety "
        "inspector b 2 2",
    ),
    "transport": (
        "logistics; aviation",
        "night buses; customs papers; cargo bikes; ferry timetables; tyre wear; air traffic; narrow streets; "
        "refrigerated goods; delivery routes; fuel prices; lost luggage; railway safety",
        "bus driver nsv 2 6; lorry driver nsv 2 7; taxi driver nsb 1 5; train driver sv 2 3; airline pilot vb 3 2 "
        "65; flight attendant sb 0 3; ship's captain vb 12 1; bicycle courier nsb 0 3 55; harbour pilot vb 12 1; "
        "air traffic controller vb 3 1 60; forklift operator ns 0 4; logistics planner vb 1 4; tram driver sv 1 2; "
        "customs officer sv 1 2; ferry deckhand ns 0 2; warehouse supervisor sv 4 4; bicycle mechanic nsv 0 2",
    ),
    "commerce": (
        "business administration; marketing",
        "haggling; shop windows; customer complaints; market stalls; online reviews; stock-taking; loyalty cards; "
        "import duties; second-hand goods; opening hours; pricing; fair trade",
        "shop assistant ns 0 9; supermarket manager svb 5 4; bookseller sbm 0 3; market trader ns 1 4; estate agent "
        "svb 1 4; car dealer svb 3 2; florist nsv 0 3; antiques dealer sbm 8 1; sales representative svb 0 6; "
        "purchasing manager bm 5 3; call centre agent nsb 0 5; wine merchant sbm 3 1; pawnbroker ns 5 1; export "
        "manager bm 5 2; cashier ns 0 6; market researcher bm 0 3; owner of a corner shop nsvb 3 4",
    ),
    "finance": (
        "economics; accounting; statistics",
        "microcredit; pension gaps; auditing charities; insurance claims; household budgets; risk models; exchange "
        "rates; tax returns; fraud; start-up funding; cooperative banks; inflation",
        "accountant vbm 1 7; bank teller sv 0 4; actuary m 2 2; auditor bm 2 3; insurance broker svb 2 4; financial "
        "adviser bm 3 4; bookkeeper sv 0 5; microfinance officer bm 1 2; tax inspector b 2 2; stock trader bm 1 2 "
        "60; economist md 1 3; debt counsellor bm 2 2; payroll clerk sv 0 4; claims adjuster svb 2 2; treasurer of "
        "a charity bm 10 1",
    ),
    "administration": (
        "public administration; political science",
        "building permits; refugee housing; waiting lists; town meetings; archives; open data; school districts; "
        "procurement; minutes of meetings; election rolls; complaints; civil registers",
        "office assistant sv 0 7; town planner m 2 3; mayor of a small town svbm 12 1; policy adviser m 2 3; "
        "archivist m 0 2; registrar vb 2 3; human resources manager bm 4 4; receptionist nsv 0 5; executive "
        "assistant sb 3 4; project manager bm 4 5; statistician m 1 2; diplomat m 6 1; postal worker ns 0 4; union "
        "representative nsvb 8 2; translator bm 1 3; member of parliament bmp 12 1; census field worker sb 0 2",
    ),
    "science": (
        "biology; physics; chemistry; geology",
        "glaciers; bird migration; protein folding; dark matter; soil microbes; earthquakes; coral reefs; "
        "telescopes; lab safety; statistics of small samples; mosquitoes; batteries",
        "marine biologist md 1 2; astronomer d 1 1; laboratory technician vb 0 5; geologist md 1 2; chemist md 0 4; "
        "meteorologist m 1 2; physicist d 0 2; botanist md 1 2; field ecologist bm 1 2; neuroscientist d 1 2; "
        "seismologist d 3 1; science journalist m 2 1; museum taxidermist vb 3 1; polar researcher d 2 1; "
        "mathematician d 0 2; entomologist md 2 1; lab manager bm 6 2",
    ),
    "arts": (
        "fine arts; music; theatre studies",
        "oil glazes; stage fright; bookbinding; copyright of songs; puppets; perspective; vocal warm-ups; grants; "
        "street murals; natural dyes; tuning old pianos; life drawing",
        "painter sbm 1 3; orchestra violinist m 3 1; actor sbm 0 3; sculptor sbm 3 1; stage designer bm 3 1; singer "
        "sbm 0 3; ballet dancer v 0 1 40; puppeteer sb 2 1; composer bm 4 1; choir conductor m 4 1; piano tuner v 3 "
        "1; illustrator sbm 0 3; art restorer m 4 1; gallery owner bm 6 1; theatre director m 6 1; circus acrobat "
        "sv 1 1 45; tattoo artist sv 1 2; jazz drummer sb 2 1",
    ),
    "crafts": (
        "design; textile arts",
        "kiln temperatures; leather; hand looms; watch movements; joinery without screws; embroidery; glass; tool "
        "sharpening; basket willow; natural fibres; jewellery repair; selling at fairs",
        "potter nsv 1 2; goldsmith v 2 2; tailor nsv 1 4; shoemaker nsv 1 3; weaver nsv 1 2; luthier v 4 1; "
        "watchmaker v 3 1; blacksmith nsv 2 1; furniture maker v 2 3; glass blower v 3 1; bookbinder v 2 1; "
        "upholsterer v 1 2; basket maker nsv 1 1; locksmith sv 1 3; dressmaker nsv 1 3; seamstress nsv 0 3; sign "
        "painter nsv 2 1",
    ),
    "media": (
        "journalism; film studies; communication",
        "local elections; podcasts; fact checking; subtitles; documentary sound; headlines; photo archives; crime "
        "reporting; children's books; interviews; radio plays; libel",
        "local journalist bm 1 3; radio presenter sbm 3 2; film editor sbm 2 2; camera operator sv 1 2; copy editor "
        "bm 1 2; novelist nsbm 3 2; poet sbm 2 1; sports commentator sb 4 1; war correspondent bm 6 1; photographer "
        "svb 1 4; podcast producer bm 0 2; subtitler bm 1 1; comic artist sb 1 1; publisher bm 8 1; screenwriter bm "
        "3 1; sound engineer vb 1 2; social media editor bm 0 3; children's author sbm 3 1",
    ),
    "social work": (
        "social work; psychology; sociology",
        "foster families; addiction; homeless shelters; domestic violence; youth clubs; grief; befriending the "
        "lonely; benefits; integration courses; street work; shared housing; crisis lines",
        "social worker bm 0 6; psychologist m 2 4; youth worker svb 0 4; addiction counsellor bm 2 2; refugee "
        "adviser bm 1 2; child protection officer bm 3 2; grief counsellor bm 6 1; shelter manager bm 5 1; family "
        "therapist m 5 2; community organiser sbm 3 2; career adviser bm 3 2; disability support worker nsv 0 5; "
        "hospice nurse vb 4 2; charity fundraiser sbm 1 2; crisis line volunteer coordinator bm 4 1",
    ),
    "tourism": (
        "tourism management; heritage studies",
        "guided tours; overbooked hotels; cultural festivals; hiking maps; cruise crowds; visitors who use "
        "wheelchairs; homestays; snorkelling safety; temple etiquette; off-season ideas; travel insurance; city "
        "passes",
        "tour guide sbm 0 4; hotel receptionist svb 0 4; hotel manager bm 8 2; travel agent svb 1 3; mountain guide "
        "sv 3 1; diving instructor sv 2 1 60; museum guard nsv 0 3; museum curator m 5 1; campsite owner nsv 5 1; "
        "concierge sv 4 2; wedding planner sb 2 2; park ranger vb 1 2; hostel owner svb 4 1; room attendant ns 0 5; "
        "safari guide sv 3 1",
    ),
    "sport": (
        "sport science; physical education",
        "knee injuries; marathon plans; youth training; fair play; nutrition before races; swimming for beginners; "
        "sponsors; referee decisions; climbing safety; doping rules; training with asthma; sport after fifty",
        "football coach svb 5 2; swimming teacher sv 0 3; yoga teacher svb 1 3; personal trainer sv 0 4; referee sb "
        "3 1 50; professional cyclist s 0 1 38; sports physician p 5 1; lifeguard ns 0 3 50; climbing instructor sv "
        "1 1; chess coach sbm 4 1; martial arts teacher sv 6 1; groundskeeper nsv 1 2; basketball player s 0 1 37; "
        "ski instructor sv 0 1 60; dance teacher sv 2 2; sports statistician bm 2 1",
    ),
    "manufacturing": (
        "industrial engineering; textile technology",
        "shift work; welding seams; spare parts; sewing lines; work safety; packaging; plastics recycling; machine "
        "noise; quality circles; maintenance plans; paint shops; apprentices",
        "welder v 0 5; machine operator nsv 0 7; assembly line worker ns 0 7; toolmaker v 1 3; production manager "
        "bm 7 3; maintenance technician v 1 5; textile worker ns 0 5; paper mill worker nsv 1 1; shift supervisor "
        "sv 6 3; glass factory worker nsv 1 1; printing press operator v 1 2; packaging designer bm 1 1; furnace "
        "operator nsv 2 1; industrial designer bm 1 2; occupational safety officer b 4 2; injection moulder sv 1 2",
    ),
    "energy": (
        "energy technology; environmental engineering",
        "wind turbines; rooftop solar; power cuts; meter readings; village grids; gas leaks; district heating; "
        "battery storage; dams; energy poverty; oil rigs; charging stations",
        "wind turbine technician v 1 2 60; solar installer sv 0 4; power line worker v 1 3 62; energy auditor b 2 "
        "2; oil rig worker nsv 1 2 60; hydropower operator vb 3 1; gas fitter v 0 3; grid planner m 3 1; chimney "
        "sweep v 0 2; coal miner ns 0 2 58; heating engineer vb 1 3; climate policy analyst m 2 2; well driller nsv "
        "2 1",
    ),
    "environment": (
        "environmental science; landscape architecture",
        "waste sorting; river cleaning; urban trees; noise maps; rain gardens; invasive plants; composting; air "
        "quality; wildlife corridors; beach litter; school gardens; flood plans",
        "gardener nsv 0 5; landscape architect m 2 2; refuse collector ns 0 3 65; recycling plant worker ns 0 2; "
        "water quality inspector b 1 2; conservation officer bm 2 2; zookeeper svb 0 2; botanical garden guide bm 1 "
        "1; climate activist sbm 0 2; hydrologist m 2 1; animal shelter worker nsv 0 3; veterinary nurse v 0 3; "
        "small animal vet p 1 3; environmental lawyer p 4 1; seed bank curator m 5 1",
    ),
    "safety": (
        "security studies; emergency management",
        "first aid; night patrols; evacuation plans; missing persons; forest fires; traffic accidents; "
        "de-escalation; dog handling; flood rescue; evidence; radio discipline; disaster drills",
        "firefighter sv 1 4 60; police officer svb 1 5 62; detective b 6 2 62; security guard ns 0 5; army medic vb "
        "2 1 55; coast guard officer vb 3 1 60; emergency dispatcher sv 1 2; army engineer vb 3 1 55; mountain "
        "rescuer sv 3 1 60; private investigator sb 6 1; border guard sv 1 2 60; forensic technician bm 1 2; "
        "disaster relief planner m 5 1; bodyguard sv 3 1 55",
    ),
    "personal services": (
        "cosmetology; event management",
        "curly hair; sensitive skin; house calls; shy customers; tailoring alterations; funerals of many faiths; "
        "nail hygiene; dog anxiety; household help; appointment books; baby sleep; massage for athletes",
        "hairdresser v 0 6; barber nsv 0 4; beautician v 0 4; funeral director svb 4 1; dog groomer nsv 0 2; "
        "housekeeper ns 0 5; nanny nsv 0 4; massage therapist v 0 3; cleaner ns 0 8; laundry owner nsv 3 1; "
        "personal shopper sb 2 1; professional organiser sb 2 1; childminder nsv 0 4; building superintendent nsv 3 "
        "2; matchmaker sb 6 1",
    ),
    "religion and culture": (
        "theology; anthropology; history; archaeology",
        "oral history; pilgrims; hymns; old manuscripts; weddings across faiths; burial customs; folk tales; "
        "calligraphy; dialects; excavation diaries; food taboos; minority languages",
        "parish priest m 2 2; imam bm 3 2; rabbi m 4 1; archaeologist md 1 2; historian md 1 2; anthropologist md 1 "
        "1; hospital chaplain m 4 1; temple caretaker ns 3 1; folk musician nsb 2 1; storyteller sb 4 1; "
        "calligrapher sb 4 1; museum educator bm 1 2; librarian bm 0 4; philosopher d 1 1; genealogist sbm 5 1; "
        "lexicographer m 3 1",
    ),
    "home and care": (
        "household management",
        "school forms; dementia; meals on a budget; moving house; sick days; toddlers' sleep; mending clothes; "
        "benefits for carers; pocket money; growing vegetables; sharing chores; home nursing",
        "full-time parent nsvbm 2 5 55; full-time carer of a parent nsvbm 8 3; foster parent nsvbm 10 2; keeper of "
        "a family farmhouse nsv 8 1; parent who teaches the children at home sbm 6 1 55",
    ),
}
"""Field -> subjects that are studied for it; matters that its people know; its occupations."""
