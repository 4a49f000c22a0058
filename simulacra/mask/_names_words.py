"""Small word lists of our own: names that are words, titles, particles, heads of organisations, words around names."""

from __future__ import annotations

from typing import Final


def of(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


AMBIGUOUS: Final = of(
    "ace ada jan avril augustus julio ai al alma alpha amber an angel angle april aria art ash aspen august "
    "aurora autumn bailey baker ball bank banks bar bass battle baxter bay beach bean bear beard beck bee "
    "bell bennet berry best beth bill bird bishop black blanch blaze bliss bloom blue bo bob bond brain "
    "branch brandy brave bride bridge bright brook brooks brown buck bud buddy burn burns bush butcher butler "
    "carol carpenter carry carter case cash cat chance chancellor chandler charity chase chef cherry chi chip "
    "christian christmas church clay clean clever cliff close cloud coach cobb cole comfort cook cookie "
    "cooper cope coral cotton craft crane cricket cross crow crystal cuba curry daisy dale dash dawn day "
    "deacon dean dear deep del delta desire destiny diamond dick dot dove drew drummer duke eagle early earl "
    "east easter echo eden else elder ember english ever everest faith fairy fall falcon farmer favor fay fe "
    "field fields finch fire fish fisher flint flora flower flowers ford forest fortune foster fox frank "
    "freed french frost fuller gale garden gardener gates gay gem gene general genesis german gill ginger "
    "glass glen glory gold golden good grace grant gray green grey gross guard guy ha hale hall ham hand hang "
    "happy hardy harmony harp harper hart haven hawk hay hazel head heart heath heather heaven herb hero hill "
    "hold holder holiday holland holly hollow home honey honor hood hook hope horn house hunt hunter hurt "
    "indigo iris irish iron island ivory ivy jack jade jam january jasmine jay jean jewel joker joy july june "
    "junior just justice key keys kind king kit knight la lad lady lake lamb land lane lark latin law lawn le "
    "leaf lean lee lemon les liberty light lilac lily lime link lion little loan long lord lotus love loyal "
    "luck lucky ly lynx mac mace made magic major mallet man mango manual many maple march marina marine mark "
    "marks marsh marshall mason master max may mayo meadow melody mercy merit merry mi mild miles mill miller "
    "mills min miracle mine miss misty model monday moon moor more morning mount my myrtle na nest new nice "
    "nick night noble nor north nova novel numbers oak ocean odd oil olive opal or orange orchid pa pace page "
    "paige palm pansy parade park parker parks pat patience peace peach pearl penny perfect person phoenix "
    "pick pike pine piper plum poe pool poppy porter posh potter pound power powers prairie precious price "
    "pride priest prime prince princess prior promise purple quest quick quiet rain rainbow ram rank raven "
    "ray read reader reed reef rice rich ride riddle ring rise river rivers robin rock rocky rod rogue roman "
    "rose rosy rowan royal ruby rush rust rusty sable sadie sage sailor saint sales sandy santa sapphire "
    "savage say scarlet school season see self sellers september shade shadow sharp shaw shell shepherd "
    "shield shine shore short shy sierra silk silver singer sky slate small smart smiley smoke snow so son "
    "song sorrow south spark spear spears spice spring sprout stack star stark steel stem sterling stern "
    "still stone storm story street strong sugar summer sun sunday sunny sunshine sweet swift ta tank tanner "
    "temple tender tiger tiny toy trace treasure trinity trip true trust truth tu tucker tuesday tulip turner "
    "un unique unknown valentine valley van velvet venus very vi victory viola violet vivid von wade walker "
    "wall walls war ward warden warner waters way weaver webb weeks well wells west wheat whisper white wild "
    "will willow wills win wind wing winner winter wise wish wolf wolfe wonder wood woods word workman worth "
    "wright wrong york you young zip zone china india france israel argentina america africa asia dakota "
    "dallas denver austin jordan jackson georgia carolina virginia florence paris london sydney brooklyn "
    "chelsea kent devon chester lincoln cleveland houston madison savannah orlando memphis washington "
    "hamilton alexandria victoria adelaide melbourne windsor charlotte florida geneva vienna verona siena "
    "roma milan dollar euro march can dem das den der die ein und mit bei nur noch sehr gut mann frau herr "
    "klein gross lang kurz koch bauer wolf vogel fuchs sommer winter stein berg thal wald feld brand kraft "
    "ernst engel sturm jung alt neu weiss schwarz braun roth blank blanc noir petit grand roi roy marchand "
    "moulin mer sol luz rey cruz flor blanco paz santos campos ramos torres rios mar nieves rosa pan mai ja "
    "nein oui non si no ok hi dr ms mr pro con data info test demo admin user guest agent bot med lab"
)
"""Names that are also words, months or places: they need a title, a second name, or a word that says so beside them."""

AMBIGUOUS_GIVEN: Final = of(
    "ada alma amber angel april aria art ash aspen august aurora autumn bailey beth bill blaze bob brandy "
    "brook bud carol cash chance charity chase cherry christian clay cliff cole comfort coral crystal daisy "
    "dale dawn dean dick drew duke earl eden faith fay flora florence forest frank gale gene georgia ginger "
    "glen grace grant guy harmony harper haven hazel heath heather herb holly honor hope hunter iris ivory "
    "ivy jack jade jan jasmine jay jean jewel joy june junior justice kit lane lee les liberty lily lincoln "
    "lucky major marina marsh mason max may melody mercy merit merry miles misty myrtle nick noble nova olive "
    "opal page paige pansy parker pat patience pearl penny phoenix piper poppy porter precious prince "
    "princess raven ray reed rich robin rocky rod roman rose rowan royal ruby rusty sage sandy scarlet sierra "
    "sky sterling storm summer sunny tanner trinity tucker turner van victory viola violet virginia wade "
    "walker ward will willow wolf destiny chelsea paris jordan jackson sydney brooklyn savannah madison "
    "victoria alexandria geneva dakota austin israel"
)
TITLES: Final = of(
    "mr mrs ms miss mx dr doctor prof professor sir madam madame mme mlle monsieur herr frau fr hr dipl ing "
    "sr sra srta señor señora don doña sig sigra signor signora dott dottssa dra sen rep gov capt lt sgt cpl "
    "pvt gen col maj cmdr rev fr father sister brother uncle aunt auntie grandma grandpa nurse judge justice "
    "officer detective lord lady dame prince princess queen king pastor rabbi imam sheikh president senator "
    "pan pani mevrouw meneer dhr mevr professeur docteur pfarrer schwester producer actor actress singer "
    "director superintendent inspector sergeant captain lieutenant colonel"
)
ABBREVIATED: Final = of(
    "mr mrs ms mx dr prof sr sra srta st rev hon capt lt sgt cpl gen col maj sig dott fr hr mme mlle dhr mevr "
    "jr sen rep gov"
)
MARRIED: Final = of("mr mrs ms dr prof herr frau mme mlle sra srta sig signora")
"""Titles that make a name of a word in lower case too."""
PARTICLES: Final = of(
    "van von der den de da do dos das di del della dello dei degli la le las los el al bin ibn ben bint abu "
    "ter ten te zu zur zum af av du des y e 't op het vom auf san santa st saint mac mc o"
)
HEADS: Final = of(
    "center centre hospital hospitals clinic clinics university college institute institution academy school "
    "bank foundation association society church council committee ministry agency authority union trust "
    "company corporation group holdings partners associates consulting consultants systems solutions services "
    "technologies technology laboratories labs pharmaceuticals pharmacy insurance bancorp capital ventures "
    "media industries enterprises motors airlines airways records press publishing studios entertainment "
    "software networks communications logistics realty properties biosciences therapeutics healthcare hospice "
    "infirmary polyclinic department bureau federation league klinik klinikum krankenhaus universität "
    "universitätsklinikum hochschule gymnasium sparkasse volksbank versicherung stiftung verein praxis "
    "gesundheitsamt hôpital clinique université école lycée mairie banque assurance assurances société "
    "hospital universidad colegio instituto banco ayuntamiento clínica seguros fundación ospedale università "
    "banca assicurazioni scuola comune ziekenhuis universiteit corp reports analytics dynamics robotics "
    "energy electronics semiconductor semiconductors brothers advisors advisers financial health medical "
    "research intelligence mobility networks interactive international worldwide global"
)
WEAK_HEADS: Final = of(
    "center centre health medical research intelligence mobility interactive international worldwide global "
    "group school trust church union capital energy media services systems solutions technology press records "
    "company committee department reports studios financial partners council society association software "
    "insurance league comune praxis networks communications agency authority college academy institute"
)
"""Heads that need a name before them that is no ordinary word."""
LEGAL: Final = of(
    "inc incorporated ltd limited llc llp lp plc corp corporation co gmbh ag kg kgaa ohg ug mbh se sa sas "
    "sarl srl spa sl bv nv pty ab oy oyj asa aps as kft zrt sp doo ooo pvt bhd kk"
)
STRONG_LEGAL: Final = of(
    "inc ltd llc llp plc corp gmbh ag kg kgaa sarl srl bv nv pty oyj asa aps kft zrt incorporated pvt bhd corporation"
)
MONTHS_DAYS: Final = of(
    "january february march april june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed "
    "thu thur thurs fri sat januar februar märz mai juni juli oktober dezember montag dienstag mittwoch "
    "donnerstag freitag samstag sonntag janvier février mars avril juin juillet août septembre octobre "
    "novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche enero febrero marzo abril mayo "
    "junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado "
    "domingo one two three four five six seven eight nine ten eleven twelve first second third fourth fifth "
    "hundred thousand million christmas easter thanksgiving halloween ramadan hanukkah weihnachten ostern "
    "noël today tomorrow yesterday tonight"
)
NATIONS: Final = of(
    "american americans british english french german germans italian spanish canadian mexican chinese "
    "japanese korean indian russian african european asian australian irish scottish welsh dutch swedish "
    "norwegian danish finnish polish turkish greek arab arabic israeli jewish muslim christian catholic "
    "buddhist hindu brazilian portuguese latin hispanic nigerian pakistani iranian iraqi syrian afghan "
    "vietnamese filipino thai hebrew democrat democrats republican republicans western eastern northern "
    "southern deutsch deutsche deutschen französisch"
)
WORDS: Final = of(
    "hi hello hey dear thanks thank regards sincerely cheers yours best kind please sorry yes no ok okay lol "
    "omg wtf idk imo btw haha hahaha gonna wanna gotta dunno yeah yep nope ya u ur im ive dont cant didnt "
    "wont thats whats isnt its theres youre youve theyre wasnt doesnt couldnt dob ssn ip vin mrn bp hr rr ekg "
    "ecg mri ct icu er ed iv po prn bid tid qid copd chf mi cva uti dvt pe htn dm cad ckd gerd bmi wbc rbc "
    "hgb hx pt pmh psh fh sh ros hpi cc dx rx tx sx fx nkda wnl nad soap ddx po npo sob loc lmp ros a1c hba1c "
    "tsh ldl hdl psa ast alt inr cbc bmp cmp metformin aspirin insulin lisinopril atorvastatin amoxicillin "
    "ibuprofen paracetamol warfarin omeprazole metoprolol prednisone albuterol diabetes hypertension "
    "pneumonia asthma cancer covid influenza fever cough nausea vomiting chest abdomen cardiology oncology "
    "radiology neurology pediatrics psychiatry surgery emergency ward discharge admission diagnosis history "
    "physical assessment plan impression findings allergies medications vitals labs denies presents complains "
    "reports states follow followup transferred prescribed admitted discharged attending resident physician "
    "patient nurse consult referred referral signed electronically dictated transcribed note notes summary "
    "subject invoice order ticket tracking shipping refund password login username website internet email "
    "e-mail url app api sql html css xml json pdf csv usb gps wifi wi-fi bluetooth laptop iphone ipad android "
    "windows linux mac macbook youtube google facebook twitter instagram whatsapp snapchat tiktok netflix "
    "amazon ebay paypal uber spotify reddit wikipedia playstation xbox nintendo minecraft pokemon fifa tesla "
    "toyota honda ford bmw audi mercedes samsung nokia sony microsoft apple intel nvidia visa mastercard "
    "lessee lessor landlord tenant buyer seller agreement contract party parties hereinafter whereas witness "
    "exhibit schedule clause section article annex appendix notary plaintiff defendant petitioner respondent "
    "court claimant counsel attorney lawyer captain coach manager director engineer developer officer clerk "
    "teacher student principal chairman ceo cfo cto hr vp mom mum dad daddy mommy papa mama grandma grandpa "
    "bro sis dude man guys girl boy girls boys baby kid kids god lord jesus christ allah north south east "
    "west northern southern upper lower old new saint mount lake river sea bay beach island isle port fort "
    "street avenue road lane drive boulevard court square suite apartment apt floor unit box po phone tel "
    "telephone mobile cell fax home work office address name names date time age sex gender male female born "
    "died weight height blood pressure pulse temperature oxygen normal abnormal positive negative left right "
    "bilateral acute chronic mild moderate severe stable wisdom discipline capitalized pedestrians bot user "
    "customer agent support team account card credit debit iban zip code website beneficiary video videos "
    "channel song album movie game player team season episode series show live stream vlog tutorial trailer "
    "review part sehr geehrte geehrter liebe lieber hallo guten tag mit freundlichen grüßen gruß viele grüße "
    "patient patientin straße telefon bitte danke wir sie er es ich du ihr und oder aber nicht kein keine "
    "auch dass wenn weil nach vor seit bis zum zur vom beim ins im am um wurde wurden bonjour merci "
    "cordialement madame monsieur je tu il elle nous vous ils elles et ou mais donc est sont été avec pour "
    "sans sous chez hola gracias estimado estimada saludos señor señora yo él ella nosotros y o pero está son "
    "fue con para sin por desde hasta buongiorno grazie gentile cordiali saluti signor signora egregio spett "
    "rehearsal liftoff mandolin coda baroque salarymen lyric lyrics verse chorus melody guitar drummer vocals "
    "band concert zombie hobbits inhaler tablet tablets capsule capsules syrup dose dosage mg ml mcg kg cm mm "
    "km lbs oz pm am"
)
"""Words that open sentences, head sections or carry a capital without being names, beyond the lists of mimesis."""

STOP: Final = of(
    "https http www com html a about after again against all also always am an and any are as at be because "
    "been before being below between both but by came can cannot come could did do does doing done down "
    "during each either else even ever every everyone everything few find first for from further gave get "
    "give go goes going gone got had has have having he her here hers herself him himself his how however i "
    "if in instead into is it its itself just keep kept know last least less let like ll look made make many "
    "me might mine more most much must my myself need neither never next no none nor not nothing now of off "
    "often on once one only or other our ours ourselves out over own per please put quite rather re really s "
    "same saw say see seem seen several shall she should since so some someone something soon still such take "
    "tell than that the their theirs them themselves then there these they thing things think this those "
    "though through thus to too took toward try two under until up upon us use used very want was way we well "
    "went were what when where whether which while who whom whose why with within without would yes yet you "
    "your yours yourself yourselves d m o t ve didn doesn don hadn hasn haven isn ma mightn mustn needn shan "
    "shouldn wasn weren won wouldn"
)
BEFORE_PERSON: Final = of(
    "dear hi hello hey name names named called signed contact attn attention attending physician dr patient "
    "pt by regards sincerely cheers yours love son daughter wife husband mother father brother sister friend "
    "uncle aunt cousin spouse partner colleague beneficiary guardian boyfriend girlfriend fiancé fiancée mom "
    "dad neighbour neighbor boss manager nurse caregiver hallo liebe lieber herr frau geehrter geehrte "
    "bonjour chère cher hola querida querido estimado estimada ciao cara caro gentile signor lessee lessor "
    "tenant landlord buyer seller thanks thank told asked met saw with and between said says producer singer "
    "actor director author novelist starring featuring ft feat vs heisse heiße heißt namens name nom nombre "
    "nome appelle llamo llama chiamo chiama ask tell call meet miss marry married love hate im i'm i’m am is "
    "was bei mit von patientin witness mr mrs ms attn. cc"
)
STRONG_BEFORE: Final = of(
    "dear hi hello hey named called attn name patient physician wife husband spouse son daughter mother "
    "father brother sister uncle aunt cousin hallo liebe lieber geehrter geehrte bonjour chère cher hola "
    "querida querido estimado estimada heisse heiße heißt namens nom nombre nome appelle llamo llama chiamo "
    "chiama regards sincerely cheers starring guardian beneficiary contact signed boyfriend girlfriend maiden"
)
BEFORE_PLACE: Final = of(
    "in at from to near around outside inside visit visiting visited leaving city town village born lives "
    "living moved towards via across aus nach bei à en dans desde hacia en vers a di da presso"
)
AFTER_PERSON: Final = of(
    "said says told asked called calls wrote writes replied thinks thought wants wanted has had was is will "
    "lives lived works worked died born moved came went loves loved hates knows knew looks looked met saw "
    "gave got signed sent spoke speaks talks plays played complained complains denies denied reports reported "
    "presented presents states stated visited arrived needs needed who whose and does did can cannot could "
    "should would might listed shouted sagt sagte hat ist war wohnt kam meint a est habite dit dice vive es "
    "fue tiene"
)
AFTER_AMBIGUOUS: Final = of(
    "said says told asked wrote replied thinks thought wants wanted lives lived works worked died loves knows "
    "knew spoke speaks complained denies denied reported presented stated visited arrived who whose shouted "
    "signed emailed texted phoned"
)
