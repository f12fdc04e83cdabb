//! What seeded people are called and what they write, in nine languages. A sentence is one phrase of each of the four
//! lists in their order; a title is a heading and a thing.

/// One language's phrases.
pub(super) struct Tongue {
    pub headings: &'static [&'static str],
    pub moments: &'static [&'static str],
    pub people: &'static [&'static str],
    pub things: &'static [&'static str],
    pub endings: &'static [&'static str],
    pub remarks: &'static [&'static str],
    /// What stands between two phrases, and between two sentences.
    pub space: &'static str,
    pub stop: &'static str,
}

pub(super) const ENGLISH: Tongue = Tongue {
    headings: &["A question", "Notes", "In praise", "From the archive", "Unfinished", "A small guide", "Letter", "News"],
    moments: &[
        "Yesterday evening", "On the way home,", "Long before breakfast", "Last winter", "Between two trains",
        "After the storm", "For the third time this year", "Without telling anybody,", "On a quiet Sunday",
    ],
    people: &[
        "our reading circle talked about", "my neighbour mended", "somebody at the harbour remembered", "we went to see",
        "the children found", "a friend from Oslo wrote to me about", "the night watch kept", "I photographed",
    ],
    things: &[
        "an old map of the harbour", "the last ferry", "a forgotten song", "the garden behind the library",
        "three kinds of bread", "a radio from 1957", "the history of rain", "a letter without a sender",
        "the green door", "a recipe for plum jam", "the lighthouse", "a bicycle with one wheel",
    ],
    endings: &[
        "until the lamps went out", "and nobody minded", "as if it had always been so", "before the rain came 🌧️",
        "and that was that", "with more patience than skill", "for reasons that I still do not know",
        "while the kettle sang", "and it cost 12.50 in the end 🙂",
    ],
    remarks: &[
        "Well said.", "I could not agree more!", "Is <b>this</b> bold where you are? It should not be.",
        "Thank you for writing this down 🙏", "I saw it differently, but you may be right.", "Do you have a picture of it?",
        "My grandmother used to say the same.", "First!", "Where can one read more about that?",
    ],
    space: " ",
    stop: ".",
};

/// The other languages.
pub(super) const OTHERS: [Tongue; 8] = [
    Tongue {
        headings: &["Eine Frage", "Notizen", "Aus dem Archiv", "Unfertiges", "Kurze Anleitung", "Neuigkeiten"],
        moments: &["Gestern Abend", "Auf dem Heimweg", "Lange vor dem Frühstück", "Letzten Winter", "Nach dem Sturm"],
        people: &["fand meine Nachbarin", "zeigte uns jemand", "besprach der Lesekreis", "reparierte mein Bruder"],
        things: &[
            "das alte Radio", "die letzte Fähre", "drei Sorten Brot", "das Gärtchen hinter der Bücherei",
            "die Geschichte des Regens", "ein vergessenes Lied", "die grüne Tür", "das Rezept für Zwetschgenmus",
        ],
        endings: &[
            "bis die Lichter ausgingen", "und niemand störte sich daran", "als wäre es nie anders gewesen",
            "mit mehr Geduld als Können", "während draußen Straßenbahnen fuhren",
        ],
        remarks: &["Schön gesagt.", "Das sehe ich anders.", "Danke fürs Aufschreiben!", "Gibt es davon ein Foto?"],
        space: " ",
        stop: ".",
    },
    Tongue {
        headings: &["Una pregunta", "Apuntes", "Del archivo", "Carta", "Pequeña guía", "Noticias"],
        moments: &["Ayer por la tarde", "Camino de casa,", "Mucho antes del desayuno", "El invierno pasado", "En abril"],
        people: &["mi vecina encontró", "alguien del puerto recordó", "fuimos a ver", "los niños dibujaron"],
        things: &[
            "un viejo mapa del puerto", "el último transbordador", "una canción olvidada", "tres clases de pan",
            "el jardín de la biblioteca", "la historia de la lluvia", "la puerta verde", "una carta sin remitente",
        ],
        endings: &[
            "hasta que se apagaron las luces", "y a nadie le importó", "como si siempre hubiera sido así",
            "con más paciencia que maña", "antes de que llegara el otoño",
        ],
        remarks: &["¡Qué bien dicho!", "No estoy de acuerdo.", "Gracias por escribirlo.", "¿Hay alguna foto?"],
        space: " ",
        stop: ".",
    },
    Tongue {
        headings: &["Μια ερώτηση", "Σημειώσεις", "Από το αρχείο", "Νέα", "Μικρός οδηγός"],
        moments: &["Χθες το βράδυ", "Στον δρόμο για το σπίτι", "Πριν από το πρωινό", "Τον περασμένο χειμώνα"],
        people: &["η γειτόνισσά μου βρήκε", "κάποιος στο λιμάνι θυμήθηκε", "πήγαμε να δούμε", "τα παιδιά ζωγράφισαν"],
        things: &[
            "ένα ξεχασμένο τραγούδι", "το τελευταίο πλοίο", "τρία είδη ψωμιού", "ένα γράμμα χωρίς αποστολέα",
            "το παλιό ραδιόφωνο", "ένα ποδήλατο με μία ρόδα",
        ],
        endings: &["ώσπου έσβησαν τα φώτα", "και κανείς δεν ενοχλήθηκε", "σαν να ήταν πάντα έτσι", "πριν από τη βροχή"],
        remarks: &["Πολύ ωραία τα λες.", "Δεν συμφωνώ.", "Ευχαριστώ που το έγραψες!", "Υπάρχει φωτογραφία;"],
        space: " ",
        stop: ".",
    },
    Tongue {
        headings: &["Вопрос", "Заметки", "Из архива", "Новости", "Неоконченное"],
        moments: &["Вчера вечером", "По дороге домой", "Задолго до завтрака", "Прошлой зимой", "После бури"],
        people: &["моя соседка нашла", "кто-то в порту вспомнил", "мы смотрели на", "дети нарисовали"],
        things: &[
            "последний паром", "три вида хлеба", "письмо без отправителя", "зелёные ворота", "старый маяк",
            "варенье из слив", "велосипед с одним колесом",
        ],
        endings: &["пока не погасли фонари", "и никто не возражал", "как будто так было всегда", "под шум дождя"],
        remarks: &["Хорошо сказано.", "Не соглашусь.", "Спасибо, что записали это!", "А есть фотография?"],
        space: " ",
        stop: ".",
    },
    Tongue {
        headings: &["سؤال", "ملاحظات", "من الأرشيف", "أخبار", "دليل صغير"],
        moments: &["مساء أمس", "في الطريق إلى البيت", "قبل الفطور", "في الشتاء الماضي", "بعد العاصفة"],
        people: &["تحدثت حلقة القراءة عن", "كتبت لي صديقة عن", "سأل الأطفال عن", "حكى لنا الجار عن"],
        things: &[
            "خريطة قديمة للميناء", "آخر عبّارة", "أغنية منسية", "حديقة خلف المكتبة", "ثلاثة أنواع من الخبز",
            "تاريخ المطر", "الباب الأخضر",
        ],
        endings: &["حتى انطفأت المصابيح", "ولم ينزعج أحد", "كأن الأمر كان هكذا دائما", "بينما كان الشاي يغلي"],
        remarks: &["كلام جميل.", "لا أوافقك الرأي.", "شكرا على الكتابة!", "هل توجد صورة؟"],
        space: " ",
        stop: ".",
    },
    Tongue {
        headings: &["एक सवाल", "टिप्पणियाँ", "पुरानी फ़ाइल से", "समाचार"],
        moments: &["कल शाम", "घर लौटते हुए", "नाश्ते से बहुत पहले", "पिछली सर्दियों में", "तूफ़ान के बाद"],
        people: &["मेरी पड़ोसन ने", "बच्चों ने", "बंदरगाह पर किसी ने", "हम सबने"],
        things: &["पुराना नक्शा", "भूला हुआ गीत", "दादी का बगीचा", "बारिश का इतिहास", "हरा दरवाज़ा", "एक लंबा ख़त"],
        endings: &["देर रात तक देखा", "बड़े धीरज से समझा", "फिर से खोज लिया", "सबको दिखाया", "बहुत पसंद किया"],
        remarks: &["बहुत ख़ूब।", "मैं सहमत नहीं हूँ।", "लिखने के लिए धन्यवाद!", "क्या इसकी कोई तस्वीर है?"],
        space: " ",
        stop: "।",
    },
    Tongue {
        headings: &["質問", "覚え書き", "資料室から", "お知らせ", "小さな案内"],
        moments: &["昨日の夕方、", "帰り道に、", "朝食のずっと前に、", "去年の冬、", "嵐のあとで、"],
        people: &["隣の人が", "港の誰かが", "読書会のみんなが", "子どもたちが", "オスロの友人が"],
        things: &["港の古い地図", "最後のフェリー", "忘れられた歌", "図書館の裏庭", "三種類のパン", "雨の歴史", "緑の扉"],
        endings: &["を明かりが消えるまで見ていた", "のことを話してくれた", "を写真に撮った", "を根気よく調べた"],
        remarks: &["なるほど。", "私はそう思いません。", "書いてくれてありがとう!", "写真はありますか?"],
        space: "",
        stop: "。",
    },
    Tongue {
        headings: &["一个问题", "笔记", "档案选", "消息", "小指南"],
        moments: &["昨天傍晚,", "回家路上,", "早饭前很久,", "去年冬天,", "暴风雨过后,"],
        people: &["我的邻居修好了", "港口有人记起了", "我们去看了", "孩子们找到了", "读书会谈到了"],
        things: &["一张旧海港地图", "最后一班渡轮", "一首被遗忘的歌", "图书馆后面的花园", "三种面包", "那扇绿门"],
        endings: &[",一直到灯都熄了", ",谁也没有介意", ",好像从来都是这样", ",后来就下雨了"],
        remarks: &["说得好。", "我不太同意。", "谢谢你写下来!", "有照片吗?"],
        space: "",
        stop: "。",
    },
];

/// A first name, and what a username begins with.
pub(super) const FIRST_NAMES: [(&str, &str); 24] = [
    ("Ada", "ada"), ("Björn", "bjorn"), ("Chiara", "chiara"), ("Δημήτρης", "dimitris"), ("Élodie", "elodie"),
    ("Fatima", "fatima"), ("Григорий", "grigory"), ("花子", "hanako"), ("Ibrahim", "ibrahim"), ("José", "jose"),
    ("Kwame", "kwame"), ("李娜", "lina"), ("Małgorzata", "malgorzata"), ("نور", "noor"), ("Oisín", "oisin"),
    ("प्रिया", "priya"), ("Quentin", "quentin"), ("Róisín", "roisin"), ("Søren", "soren"), ("태호", "taeho"),
    ("Uma", "uma"), ("Věra", "vera"), ("Wanjiku", "wanjiku"), ("Žofia", "zofia"),
];

pub(super) const LAST_NAMES: [&str; 20] = [
    "Lovelace", "O'Neill", "García Márquez", "Παπαδόπουλος", "Müller-Lüdenscheidt", "حداد", "Смирнова", "佐藤", "王",
    "Nguyễn", "शर्मा", "Kim", "van der Berg", "Okafor", "Ångström", "Žižka", "da Silva", "İnce", "Wu", "Jónsdóttir",
];
