//! The usual headers of departmental files: a column name each, and what the values most likely are.

use std::borrow::Cow;

use pinyin::ToPinyin;

use super::meaning::Meaning;

/// Headers, the clean column's name, and the values' meaning where the header tells.
const USUAL: &[Usual] = &[
    (&["姓名", "人员姓名", "居民姓名", "户主姓名", "申请人姓名", "名字", "full_name"], "name", Some(Meaning::Name)),
    (&["曾用名"], "former_name", Some(Meaning::Name)),
    (
        &[
            "身份证号",
            "身份证号码",
            "身份证",
            "公民身份号码",
            "公民身份证号码",
            "居民身份证号",
            "证件号码",
            "证件号",
            "id_card",
            "idcard",
        ],
        "resident_id",
        Some(Meaning::ResidentId),
    ),
    (
        &[
            "联系电话",
            "手机",
            "手机号",
            "手机号码",
            "电话",
            "电话号码",
            "联系方式",
            "移动电话",
            "mobile",
            "telephone",
            "phone",
        ],
        "phone",
        Some(Meaning::Phone),
    ),
    (
        &[
            "地址",
            "住址",
            "现住址",
            "居住地址",
            "常住地址",
            "详细地址",
            "家庭住址",
            "家庭地址",
            "坐落",
            "土地坐落",
            "房屋坐落",
            "事发地址",
            "发生地址",
            "注册地址",
            "经营场所",
            "经营地址",
            "住所",
            "安装地址",
            "安装位置",
            "地点",
            "address",
        ],
        "address",
        Some(Meaning::Address),
    ),
    (&["户籍地址", "户籍地", "户口地址", "户口所在地"], "registered_address", Some(Meaning::Address)),
    (&["出生日期", "出生年月日", "生日", "出生年月", "birthday", "birth_date"], "birth_date", Some(Meaning::Date)),
    (&["性别", "sex", "gender"], "sex", Some(Meaning::Sex)),
    (&["民族"], "ethnicity", None),
    (&["户号", "户编号", "家庭编号"], "household_no", Some(Meaning::Text)),
    (&["人员编号", "居民编号", "人口编号"], "person_no", Some(Meaning::Text)),
    (&["户主"], "householder", Some(Meaning::Name)),
    (&["与户主关系", "户主关系"], "relation", None),
    (&["婚姻状况"], "marital_status", None),
    (&["文化程度", "学历"], "education", None),
    (&["职业"], "occupation", None),
    (&["经度", "lon", "lng", "long", "longitude", "经度坐标", "百度经度", "高德经度"], "lon", Some(Meaning::Number)),
    (&["纬度", "lat", "latitude", "纬度坐标", "百度纬度", "高德纬度"], "lat", Some(Meaning::Number)),
    (&["x坐标", "横坐标", "东坐标", "point_x", "x"], "x", Some(Meaning::Number)),
    (&["y坐标", "纵坐标", "北坐标", "point_y", "y"], "y", Some(Meaning::Number)),
    (
        &["统一社会信用代码", "社会信用代码", "统一信用代码", "信用代码", "credit_code", "uscc"],
        "credit_code",
        Some(Meaning::CreditCode),
    ),
    (
        &[
            "企业名称",
            "单位名称",
            "机构名称",
            "组织名称",
            "主体名称",
            "公司名称",
            "名称",
            "字号名称",
            "商户名称",
            "设备名称",
            "部件名称",
        ],
        "name",
        Some(Meaning::Text),
    ),
    (&["法定代表人", "法人", "法人代表", "负责人", "经营者"], "legal_person", Some(Meaning::Name)),
    (&["行业", "所属行业", "行业类别", "行业代码"], "industry", Some(Meaning::Text)),
    (&["成立日期", "注册日期", "设立日期"], "founded", Some(Meaning::Date)),
    (&["经营范围"], "scope", Some(Meaning::Text)),
    (&["注册资本", "注册资金"], "capital", None),
    (&["状态", "经营状态", "登记状态", "设备状态", "工单状态", "办理状态", "status"], "status", Some(Meaning::Text)),
    (&["省", "省份"], "province", Some(Meaning::Text)),
    (&["市", "城市"], "city", Some(Meaning::Text)),
    (&["区", "区县", "所属区", "行政区", "所在区"], "district", Some(Meaning::Text)),
    (&["街道", "街乡镇", "所属街道", "乡镇", "乡镇街道", "街镇"], "street", Some(Meaning::Text)),
    (&["社区", "所属社区", "社区村", "社区名称", "居委会"], "community", Some(Meaning::Text)),
    (&["社区代码", "社区编码"], "community_code", Some(Meaning::Division)),
    (&["网格", "所属网格", "网格名称"], "grid", Some(Meaning::Text)),
    (&["网格编码", "网格编号", "网格代码", "单元网格", "grid_code"], "grid_code", Some(Meaning::Text)),
    (&["行政区划代码", "区划代码", "行政区划", "所属区划"], "division_code", Some(Meaning::Division)),
    (&["小区", "小区名称", "所属小区", "住宅小区"], "estate", Some(Meaning::Text)),
    (&["楼栋", "楼号", "栋号", "幢号", "楼栋号"], "building_no", Some(Meaning::Text)),
    (&["单元", "单元号"], "unit_no", Some(Meaning::Text)),
    (&["房号", "室号", "房间号", "门牌号", "户室号"], "room_no", Some(Meaning::Text)),
    (
        &["房屋编码", "房屋代码", "房屋编号", "不动产单元号", "不动产单元代码", "unit_code"],
        "unit_code",
        Some(Meaning::Text),
    ),
    (&["建筑面积", "房屋面积", "套内面积"], "floor_area_m2", Some(Meaning::Number)),
    (&["建成年份", "建成年代", "竣工年份", "建造年份"], "built_year", Some(Meaning::Integer)),
    (&["层数", "总层数", "楼层数", "地上层数"], "floors", Some(Meaning::Integer)),
    (&["产权人", "权利人", "所有权人", "业主", "业主姓名"], "owner_name", Some(Meaning::Name)),
    (&["宗地代码", "宗地编码", "宗地号", "地块编号", "地块编码", "parcel_code"], "parcel_code", Some(Meaning::Text)),
    (&["土地用途", "地类", "地类名称", "用途"], "use", Some(Meaning::Text)),
    (&["权属性质", "权利性质", "土地权属", "权属"], "ownership", Some(Meaning::Text)),
    (&["宗地面积", "土地面积", "地块面积", "用地面积"], "area_m2", Some(Meaning::Number)),
    (
        &["工单编号", "工单号", "诉求编号", "事件编号", "案件编号", "受理编号", "流水号"],
        "ticket_no",
        Some(Meaning::Text),
    ),
    (&["标题", "诉求标题", "事件标题", "工单标题", "主题"], "title", Some(Meaning::Text)),
    (&["内容", "诉求内容", "事件描述", "问题描述", "主要内容", "描述"], "content", Some(Meaning::Text)),
    (
        &["受理时间", "来电时间", "上报时间", "诉求时间", "发生时间", "创建时间", "登记时间", "报警时间", "发现时间"],
        "reported_at",
        Some(Meaning::Datetime),
    ),
    (&["派单时间", "转办时间", "派遣时间"], "dispatched_at", Some(Meaning::Datetime)),
    (&["截止时间", "办理时限", "处置时限"], "due_at", Some(Meaning::Datetime)),
    (&["办结时间", "结案时间", "完成时间", "处置时间", "办理时间"], "closed_at", Some(Meaning::Datetime)),
    (
        &[
            "诉求类型",
            "问题分类",
            "问题类别",
            "事件类别",
            "事件类型",
            "案件类别",
            "类别",
            "分类",
            "诉求分类",
            "一级分类",
        ],
        "category",
        Some(Meaning::Text),
    ),
    (&["来源", "诉求来源", "上报渠道", "受理渠道", "渠道", "问题来源"], "channel", Some(Meaning::Text)),
    (&["是否响应"], "responded", Some(Meaning::Boolean)),
    (&["是否解决"], "resolved", Some(Meaning::Boolean)),
    (&["是否满意", "满意度", "满意情况"], "satisfied", Some(Meaning::Text)),
    (
        &[
            "设备编号",
            "设备编码",
            "设备id",
            "设备序列号",
            "部件编码",
            "部件编号",
            "部件标识码",
            "device_id",
            "device_code",
        ],
        "code",
        Some(Meaning::Text),
    ),
    (&["设备类型", "部件类别", "部件类型", "设备种类"], "kind", Some(Meaning::Text)),
    (&["安装日期", "安装时间", "投用日期"], "installed_at", Some(Meaning::Date)),
    (&["车牌", "车牌号", "车牌号码", "号牌号码"], "plate", Some(Meaning::Plate)),
    (&["编码", "代码", "区域编码", "code"], "code", Some(Meaning::Text)),
    (&["上级编码", "上级代码", "父级编码", "parent_code"], "parent_code", Some(Meaning::Text)),
    (&["级别", "层级", "level"], "level", Some(Meaning::Text)),
    (&["序号", "编号", "no", "id"], "no", Some(Meaning::Text)),
    (&["备注", "说明"], "remark", Some(Meaning::Text)),
    (&["geom"], "geom", Some(Meaning::Geometry)),
];

/// The clean name of a header and what the header says of the values.
pub(super) fn look_up(header: &str) -> (String, Option<Meaning>) {
    let settled = settle(header);
    // The last level of a joined header names the column; the upper ones tell which.
    let last = settled.rsplit('_').next().unwrap_or(&settled);
    let find = |text: &str| USUAL.iter().find(|(headers, _, _)| headers.contains(&text));
    if let Some((_, name, meaning)) = find(&settled).or_else(|| by_initials(&settled)) {
        return ((*name).to_owned(), *meaning);
    }
    if last != settled
        && !last.is_ascii()
        && let Some((_, name, meaning)) = find(last)
    {
        let prefix = snake(&settled[..settled.len() - last.len()]);
        return (format!("{prefix}_{name}"), *meaning);
    }
    (snake(&settled), None)
}

/// A usual header.
type Usual = (&'static [&'static str], &'static str, Option<Meaning>);

/// The header that a column's name abbreviates by the first letters of its pinyin, as DBF's ten bytes make departments
/// do: ZDDM for 宗地代码, JZMJ for 建筑面积. Two letters stand for too many words, but for the few that the standards of
/// real-estate registration and of population data use; letters that stand for headers of two names tell nothing.
fn by_initials(settled: &str) -> Option<&'static Usual> {
    let shorts = [("xm", "姓名"), ("xb", "性别"), ("mz", "民族"), ("zl", "坐落"), ("dz", "地址"), ("dh", "电话")];
    if let Some((_, header)) = shorts.iter().find(|(short, _)| *short == settled) {
        return USUAL.iter().find(|(headers, _, _)| headers.contains(header));
    }
    if settled.len() < 3 || !settled.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return None;
    }
    let spells = |header: &&'static str| {
        header.chars().count() == settled.len()
            && header.chars().zip(settled.chars()).all(|(character, letter)| {
                character.to_pinyin().is_some_and(|pinyin| pinyin.first_letter().starts_with(letter))
            })
    };
    let mut found = USUAL.iter().filter(|(headers, _, _)| headers.iter().any(&spells));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Without brackets, units, stars and spaces, in lower case.
fn settle(header: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for character in camel(header).chars() {
        match character {
            '(' | '（' | '[' | '【' => depth += 1,
            ')' | '）' | ']' | '】' => depth = depth.saturating_sub(1),
            '*' | '＊' | ':' | '：' => {}
            _ if depth > 0 => {}
            other if other.is_whitespace() => {
                if !out.is_ascii() || out.is_empty() {
                    continue;
                }
                out.push('_');
            }
            other => out.extend(other.to_lowercase()),
        }
    }
    if out.is_empty() { header.trim().to_lowercase() } else { out }
}

/// Words that are told apart by their capitals, with `_` between them: `LitigationID`, `DOBRunDate`.
fn camel(header: &str) -> Cow<'_, str> {
    let lower = header.bytes().any(|byte| byte.is_ascii_lowercase());
    if !header.is_ascii() || !lower {
        return Cow::Borrowed(header);
    }
    let bytes = header.as_bytes();
    let mut out = String::with_capacity(header.len() + 4);
    for (place, byte) in bytes.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(place + 1);
        let begins = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || (before.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase))
            });
        if begins {
            out.push('_');
        }
        out.push(char::from(*byte));
    }
    Cow::Owned(out)
}

/// ASCII words joined with `_`; Chinese characters by their pinyin.
fn snake(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_lowercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if let Some(pinyin) = character.to_pinyin() {
            words.push(
                pinyin
                    .plain()
                    .chars()
                    .map(|letter| if letter == 'ü' { 'v' } else { letter })
                    .filter(char::is_ascii)
                    .collect(),
            );
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    let name = words.join("_");
    match name.chars().next() {
        None => "column".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("c_{name}"),
        Some(_) => name,
    }
}

/// Words that a column ends with whose values stand for something; of a code only the thing's own.
const NAMING: [&str; 13] =
    ["id", "ids", "no", "nr", "nbr", "num", "number", "key", "code", "zip", "zipcode", "postcode", "uuid"];

/// What a code may be of that many rows share.
const SHARED: [&str; 36] = [
    "zip",
    "post",
    "postal",
    "area",
    "boro",
    "borough",
    "county",
    "city",
    "state",
    "country",
    "district",
    "division",
    "region",
    "street",
    "type",
    "class",
    "category",
    "status",
    "kind",
    "reason",
    "disposition",
    "department",
    "house",
    "room",
    "apartment",
    "apt",
    "building",
    "floor",
    "flat",
    "phone",
    "mobile",
    "fax",
    "page",
    "reel",
    "block",
    "lot",
];

/// Whether a column's name says that its values name something, so that they are no quantities.
pub(super) fn names_something(clean: &str, header: &str) -> bool {
    let last = clean.rsplit('_').next().unwrap_or(clean);
    NAMING.contains(&last) || chinese_name(header)
}

/// Whether a column's name says that its values name the rows.
pub(super) fn names_a_row(clean: &str, header: &str) -> bool {
    let mut words = clean.rsplit('_');
    let last = words.next().unwrap_or(clean);
    let naming = NAMING.contains(&last) && !matches!(last, "zip" | "zipcode" | "postcode");
    (naming && words.next().is_none_or(|before| !SHARED.contains(&before))) || chinese_name(header)
}

fn chinese_name(header: &str) -> bool {
    ["编号", "编码", "代码", "号", "标识", "邮编"].iter().any(|word| header.trim().ends_with(word))
}

/// Clean names of all headers, each once.
pub(super) fn names(headers: &[String]) -> Vec<(String, Option<Meaning>)> {
    let mut taken: Vec<String> = Vec::new();
    let own: Vec<String> = headers.iter().map(|header| snake(&settle(header))).collect();
    headers
        .iter()
        .zip(&own)
        .map(|(header, own_name)| {
            let (name, meaning) = look_up(header);
            // Two headers of one meaning: the second keeps its own words. Headers that differ in what stands in
            // brackets keep that.
            let several = own.iter().filter(|other| *other == own_name).count() > 1;
            let full = snake(&camel(header).to_lowercase());
            let first = if several && name == *own_name { full.clone() } else { name.clone() };
            let candidates = [first, name.clone(), own_name.clone(), full];
            let mut candidates = candidates.into_iter().chain((2..).map(|number| format!("{name}_{number}")));
            let name = candidates.find(|candidate| !taken.contains(candidate)).unwrap_or_default();
            taken.push(name.clone());
            (name, meaning)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_headers_have_names_and_others_their_pinyin() {
        assert_eq!(look_up("身份证号 "), ("resident_id".to_owned(), Some(Meaning::ResidentId)));
        assert_eq!(look_up("建筑面积（㎡）"), ("floor_area_m2".to_owned(), Some(Meaning::Number)));
        assert_eq!(look_up("绿化率").0, "lv_hua_lv");
        assert_eq!(look_up("Complaint Type").0, "complaint_type");
        assert_eq!(look_up("紧急联系人_电话").0, "jin_ji_lian_xi_ren_phone");
        assert_eq!(look_up("2020年").0, "c_2020_nian");
        assert_eq!(look_up("ZDDM").0, "parcel_code");
        assert_eq!(look_up("JZMJ"), ("floor_area_m2".to_owned(), Some(Meaning::Number)));
        assert_eq!(look_up("ZL").0, "address");
        assert_eq!(look_up("BIN").0, "bin");
    }

    #[test]
    fn capitals_and_brackets_tell_words_and_columns_apart() {
        assert_eq!(look_up("LitigationID").0, "litigation_id");
        assert_eq!(look_up("DOBRunDate").0, "dob_run_date");
        assert_eq!(look_up("BIN").0, "bin");
        let headers = ["Place (Borough)", "Place (Lot No.)", "Total (USD)"].map(str::to_owned);
        let names: Vec<String> = names(&headers).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["place_borough", "place_lot_no", "total"]);
    }

    #[test]
    fn a_name_tells_what_names_a_row_and_what_many_rows_share() {
        for clean in ["docket_no", "litigation_id", "code", "unit_code", "ticket_number"] {
            assert!(names_a_row(clean, ""), "{clean}");
        }
        for clean in
            ["eviction_postcode", "amount_paid", "zip_code", "disposition_code", "house_number", "piano", "monkey"]
        {
            assert!(!names_a_row(clean, ""), "{clean}");
        }
        assert!(names_something("zip_code", "") && names_a_row("gong_dan_bian_hao", "工单编号"));
    }

    #[test]
    fn no_name_occurs_twice() {
        let headers = ["姓名", "名称", "联系电话", "手机"].map(str::to_owned);
        let names: Vec<String> = names(&headers).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["name", "ming_cheng", "phone", "shou_ji"]);
    }
}
