/// The rules of the organism's language.
///
/// `name = alternative | alternative`, each with a weight before it unless that is 1. In an
/// alternative `{name}` stands for a rule, and for these: `{noun}` is the one whom the story is
/// about, `{other}` someone else; `{he}`, `{him}`, `{his}`, `{himself}` and `{He}` agree with the
/// first, in every sentence of a story.
let organismRules = """
    story = 18 {because}{more} | 18 {report}{more} | 9 {possession}{more} | 7 {reflexive}{more}
      | 12 {scene} {second}{more} | 10 {two}{more} | 11 {neutral} | 4 {plural}

    phrase = 66 The {noun} | 12 The {trait} {noun} | 6 {when} the {noun} | 4 Our {noun}
      | 3 That {noun}
    named = 8 {noun} | 1 {when} {noun}
    when = Yesterday | Today | One day | Last week | This morning
    trait = young | old | tall | kind | quiet | happy | busy | famous | clever | friendly | tired
      | brave | honest | rich | poor | new | polite | strong

    because = 22 {subject} was {doing} because {he} {reason}.
      | 16 {subject} is {doing} because {he} {reason-now}.
      | 9 {subject} was {doing} {where} because {he} {reason}.
      | 9 {subject} was {state} because {he} {reason}.
      | 6 {subject} is {state} because {he} {reason-now}.
      | 9 {subject} {did} because {he} {reason}.
      | 3 {subject} was {doing} because {his} {relative} was {state}.
      | 8 {subject} was {doing} because {cause}. | 5 {subject} is {doing} because {cause-now}.
      | 4 {subject} was {doing} when {he} saw {other}.
      | 4 {subject} was {doing} while {he} waited for the {vehicle}.
    report = 30 {subject} {said} that {he} {reason}. | 14 {subject} {says} that {he} {reason-now}.
      | 8 {subject} {said} that {cause}. | 4 {subject} {says} that {cause-now}.
      | 6 {subject} {said} that {his} {thing} was {quality}.
      | 8 {subject} {did} so that {he} could {act}.
      | 6 {subject} asked if {he} could {act}. | 4 {subject} hoped that {he} would {act} soon.
    possession = 8 {subject} lost {his} {thing} {where}. | 8 {subject} forgot {his} {thing}.
      | 6 {subject} lost {his} {thing}. | 6 {subject} sold {his} {thing}.
      | 6 {subject} found {his} {thing} {where}. | 5 {subject} loves {his} {relative}.
      | 6 {subject} visited {his} {relative} {where}. | 5 {subject} called {his} {relative}.
      | 5 {subject} gave {his} {thing} to {other}. | 4 {subject} washed {his} {thing}.
    reflexive = 6 {subject} looked at {himself} in the mirror. | 3 {subject} hurt {himself} {where}.
      | 4 {subject} bought {himself} a {thing}. | 3 {subject} cooked {himself} some {food}.
      | 3 {subject} asked {himself} why {cause}. | 2 {subject} introduced {himself} to {other}.
      | 2 {subject} taught {himself} to {act}.
    scene = 6 {subject} was {doing} {where}. | 4 {subject} is {doing} {where}. | 5 {subject} {did}.
      | 4 {subject} was {state}. | 3 {subject} came home late. | 3 {subject} lived near the {place}.
      | 3 {subject} liked the {place}.
    second = 8 {He} {did}. | 6 {He} was {state}. | 5 {He} was {doing}. | 4 {He} {reason}.
      | 4 Then {he} {did}. | 4 Later {he} {did}. | 3 {His} {thing} was {quality}.
      | 3 {His} {relative} was {state}. | 3 Everyone saw {him} {where}.
      | 3 {Other} waited for {him}.
      | 2 After that {he} was {state}. | 2 {He} said that {he} {reason}.
    more = 74 | 26 {" "}{second}
    two = 4 {subject} told {other} that {he} {reason}.
      | 4 {subject} met {other} because {he} {reason}.
      | 4 {subject} helped {other} because {he} was {state}.
      | 4 {subject} called {other} because {he} {reason}.
      | 3 {subject} asked {other} a question because {he} was {state}.
      | 3 {subject} talked to {other} while {he} was {doing}.
      | 3 {subject} waited for {other} before {he} went to the {place}.
      | 3 {subject} saw {other} when {he} was {doing} {where}.
      | 2 {subject} and {other} met {where}, and {he} was {state}.
      | 2 {subject} gave {other} a {thing} because {he} {reason}.

    neutral = 4 The {place} was {look}, and {cause}. | 4 {when} {cause}.
      | 3 It was {weather} {where}.
      | 3 The {thing} was {quality}. The {thing} was on the {furniture}.
      | 3 The {vehicle} stopped near the {place} because {cause}.
      | 2 The {animal} was sleeping on the {furniture} because it was {weather}.
      | 2 The {animal} ran to the {place}. | 2 There was a {thing} on the {furniture}.
      | 2 They sell {food} and {food} {where}. | 2 The {food} was {quality}.
      | 2 A {thing} and a {thing} were on the {furniture}. | 1 The {place} is near the {place}.
    plural = 4 {Other} and {other} were {doing} because they {reason-many}.
      | 3 The {many} said that they {reason-many}. | 3 The {many} were {doing} {where}.
      | 2 The {many} lost their {thing} {where}. | 1 The {many} talked about themselves.
    many = workers | players | tourists | children | people | soldiers | students | friends

    said = 8 said | 2 explained | 2 thought | 1 believed | 1 knew
    says = 6 says | 2 thinks | 1 believes | 1 knows
    doing = working | reading | waiting | sleeping | talking | walking | running | cooking | smiling
      | singing | laughing | writing | eating | resting | driving | crying | painting | leaving
      | swimming | dancing | shouting | cleaning | traveling | studying | listening | drinking
      | fishing | packing | shopping | climbing
    state = tired | happy | late | hungry | busy | angry | sad | cold | sick | ready | alone
      | afraid
      | nervous | bored | worried | proud | calm | lost | lonely | excited | careful | lucky | free
    did = went home | went to the {place} | bought a {thing} | took the {vehicle} | read a book
      | made some {food} | ate some {food} | opened the window | closed the door | wrote a letter
      | played the piano | slept all day | fed the {animal} | cleaned the {furniture}
      | walked to the {place} | stayed at the {place} | ran to the {vehicle} | left early
    act = go home | go to the {place} | buy a {thing} | take the {vehicle} | read a book
      | make some {food} | open the window | write a letter | play the piano | sleep | help | win
      | feed the {animal} | rest | travel | stay at the {place}
    reason = 10 was {state} | 6 was {doing} | 5 {did} | 3 had to {act} | 3 wanted to {act}
      | 2 could {act}
      | 2 liked {food} | 2 needed a {thing} | 2 had lost the {thing} | 2 had a {quality} {thing}
      | 1 missed the {vehicle} | 1 heard {other} | 1 loved {doing}
    reason-now = 10 is {state} | 5 is {doing} | 4 has to {act} | 4 wants to {act} | 2 can {act}
      | 2 likes {food} | 2 needs a {thing} | 2 has a {quality} {thing} | 1 loves {doing}
    reason-many = 6 were {state} | 3 had to {act} | 3 wanted to {act} | 2 liked {food}
      | 2 were {doing}
    cause = it was {weather} | the {place} was closed | the {vehicle} was late
      | the {food} was {quality}
      | the {animal} was {state} | there was no {food} | the {thing} was {quality}
    cause-now = it is {weather} | the {place} is closed | the {vehicle} is late | there is no {food}
      | the {thing} is {quality}

    where = 6 at the {place} | 3 near the {place} | 1 behind the {place}
    place = park | market | school | library | office | church | hospital | museum | station | beach
      | garden | river | hotel | bank | theater | airport | factory | village | castle | bakery
      | forest | lake | bridge | shop | farm
    furniture = table | chair | shelf | desk | bed | bench | floor | sofa
    vehicle = bus | train | car | boat | taxi | plane
    thing = book | letter | key | bag | hat | coat | ring | phone | watch | lamp | camera | ticket
      | guitar | knife | ball | cup | map | pen
    food = bread | soup | rice | cheese | cake | fish | fruit | tea | coffee | milk
    animal = dog | cat | horse | bird | cow
    relative = mother | father | sister | brother | daughter | son | friend | neighbor | boss | dog
    quality = small | big | long | new | red | blue | green | heavy | clean | dirty | broken | cheap
      | lost | good | bad | beautiful
    look = quiet | open | full | small | big | new | beautiful | far away
    weather = raining | snowing | cold | hot | dark | windy | late | sunny
    """
