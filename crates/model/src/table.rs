//! The base tables: their columns, types, titles and sensitivity. What DESIGN promises to users.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

use crate::Element;

/// How far a column may be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Anyone with access to the table.
    #[default]
    Open,
    /// Personal information.
    Personal,
    /// Sensitive personal information (PIPL art. 28).
    Sensitive,
}

/// A base column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Utf8.
    Text,
    /// Int64.
    Integer,
    /// Float64.
    Number,
    /// Boolean.
    Boolean,
    /// Date32.
    Date,
    /// Timestamp in microseconds, local to the city.
    Datetime,
    /// List of Utf8; the union over an entity's records.
    Tags,
    /// Binary WKB, lon/lat EPSG:4326.
    Geometry,
    /// JSON text.
    Json,
}

impl ColumnType {
    /// The Arrow type it is stored as.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Json => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Datetime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Tags => DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))),
            Self::Geometry => DataType::Binary,
        }
    }
}

/// One column of a base table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub kind: ColumnType,
    /// What it holds.
    pub title: &'static str,
    /// What it holds, in Chinese.
    pub title_zh: &'static str,
    /// How far it may be seen.
    pub sensitivity: Sensitivity,
}

/// A base table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Name in schema `base`.
    pub name: &'static str,
    /// What a row is.
    pub title: &'static str,
    /// What a row is, in Chinese.
    pub title_zh: &'static str,
    /// Its own columns, between `id` and the common ones.
    pub columns: &'static [Column],
}

const fn open(name: &'static str, kind: ColumnType, title: &'static str, title_zh: &'static str) -> Column {
    Column { name, kind, title, title_zh, sensitivity: Sensitivity::Open }
}

const fn personal(name: &'static str, kind: ColumnType, title: &'static str, title_zh: &'static str) -> Column {
    Column { name, kind, title, title_zh, sensitivity: Sensitivity::Personal }
}

const fn sensitive(name: &'static str, kind: ColumnType, title: &'static str, title_zh: &'static str) -> Column {
    Column { name, kind, title, title_zh, sensitivity: Sensitivity::Sensitive }
}

use ColumnType::{Boolean, Date, Datetime, Geometry, Integer, Json, Number, Tags, Text};

const ID: Column = open("id", Text, "Stable identifier", "稳定编号");

/// The columns every element's table ends with.
pub const COMMON: &[Column] = &[
    open("area_code", Text, "Community code, or the finest area known", "所在社区编码"),
    open("grid_code", Text, "Unit grid it lies in", "所在单元网格编码"),
    open("valid_from", Datetime, "Start of validity in the base tables", "有效期起"),
    open("valid_to", Datetime, "End of validity; null while it is current", "有效期止"),
    open("sources", Tags, "Sources that know of it", "数据来源"),
    open("confidence", Number, "Probability that all its records are the same thing", "置信度"),
    personal("attributes", Json, "Source-specific values, by source", "来源特有属性"),
    open("updated_at", Datetime, "When the row last changed", "更新时间"),
];

impl Table {
    /// The table of an element.
    #[must_use]
    pub const fn of(element: Element) -> &'static Self {
        match element {
            Element::People => &PEOPLE,
            Element::Land => &LAND,
            Element::Housing => &HOUSING,
            Element::Events => &EVENTS,
            Element::Objects => &OBJECTS,
            Element::Organizations => &ORGANIZATIONS,
            Element::Areas => &AREAS,
        }
    }

    /// All base tables.
    pub const ALL: [&'static Self; 9] =
        [&PEOPLE, &LAND, &HOUSING, &EVENTS, &OBJECTS, &ORGANIZATIONS, &AREAS, &ADDRESSES, &RELATIONS];

    /// `id`, own columns and common columns, in order. `areas`, `addresses` and `relations` have no
    /// common columns but validity (areas) and are written as listed.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        let common: &'static [Column] = if self.is_element() { COMMON } else { &[] };
        let id: &'static [Column] = if self.name == "relations" { &[] } else { std::slice::from_ref(&ID) };
        id.iter().chain(self.columns).chain(common)
    }

    /// Whether it has the common columns.
    #[must_use]
    pub fn is_element(&self) -> bool {
        !matches!(self.name, "areas" | "addresses" | "relations")
    }

    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.all_columns().find(|column| column.name == name)
    }

    /// The Arrow schema, with titles and GeoArrow extension names in the fields' metadata.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let fields = self.all_columns().map(Column::field).collect::<Vec<_>>();
        Arc::new(Schema::new(fields))
    }
}

impl Column {
    /// The Arrow field, with title, sensitivity and (for geometry) the GeoArrow WKB extension.
    #[must_use]
    pub fn field(&self) -> Field {
        let mut metadata = HashMap::from([
            ("title".to_owned(), self.title.to_owned()),
            ("title_zh".to_owned(), self.title_zh.to_owned()),
        ]);
        match self.sensitivity {
            Sensitivity::Open => {}
            Sensitivity::Personal => {
                metadata.insert("sensitivity".to_owned(), "personal".to_owned());
            }
            Sensitivity::Sensitive => {
                metadata.insert("sensitivity".to_owned(), "sensitive".to_owned());
            }
        }
        if self.kind == Geometry {
            metadata.insert("ARROW:extension:name".to_owned(), "geoarrow.wkb".to_owned());
            metadata.insert(
                "ARROW:extension:metadata".to_owned(),
                r#"{"crs":"EPSG:4326","crs_type":"authority_code"}"#.to_owned(),
            );
        }
        Field::new(self.name, self.kind.data_type(), self.name != "id").with_metadata(metadata)
    }
}

/// Persons.
pub const PEOPLE: Table = Table {
    name: "people",
    title: "Persons",
    title_zh: "人",
    columns: &[
        personal("name", Text, "Name", "姓名"),
        personal("sex", Text, "Sex: male or female", "性别"),
        personal("birth_date", Date, "Date of birth", "出生日期"),
        sensitive("resident_id", Text, "Resident identity number", "公民身份号码"),
        sensitive(
            "resident_id_partial",
            Text,
            "Masked identity number, where no full one is known",
            "部分公民身份号码",
        ),
        sensitive("phone", Text, "Phone", "联系电话"),
        personal("ethnicity", Text, "Ethnic group", "民族"),
        personal("address", Text, "Address as written", "地址"),
        open("address_id", Text, "Standard address", "标准地址编号"),
        open("housing_id", Text, "Dwelling", "住房编号"),
        open("registered_area_code", Text, "Community of household registration", "户籍所在社区"),
        open("household_no", Text, "Household number", "户号"),
        personal("tags", Tags, "Tags: 独居, 低保, 志愿者, …", "标签"),
        personal("geom", Geometry, "Point of the dwelling", "位置"),
    ],
};

/// Parcels.
pub const LAND: Table = Table {
    name: "land",
    title: "Parcels and lots",
    title_zh: "地",
    columns: &[
        open("parcel_code", Text, "Parcel or lot code", "宗地代码"),
        open("kind", Text, "Use", "用途"),
        open("area_m2", Number, "Area in square metres", "面积（平方米）"),
        open("ownership", Text, "Ownership", "权属性质"),
        open("owner_name", Text, "Holder of the right", "权利人"),
        open("address", Text, "Location as written", "坐落"),
        open("address_id", Text, "Standard address", "标准地址编号"),
        open("geom", Geometry, "Boundary", "界址"),
    ],
};

/// Buildings, units and rooms.
pub const HOUSING: Table = Table {
    name: "housing",
    title: "Buildings, units and rooms",
    title_zh: "房",
    columns: &[
        open("kind", Text, "building, unit or room", "类别"),
        open("unit_code", Text, "Real-estate unit, building or room code", "不动产单元或房屋编码"),
        open("name", Text, "Name of the building or compound", "名称"),
        open("address", Text, "Address as written", "地址"),
        open("address_id", Text, "Standard address", "标准地址编号"),
        open("building_id", Text, "Building the unit or room is in", "所在建筑编号"),
        open("land_id", Text, "Parcel it stands on", "所在宗地编号"),
        open("floor_area_m2", Number, "Floor area in square metres", "建筑面积（平方米）"),
        open("built_year", Integer, "Year of completion", "建成年份"),
        open("floors", Integer, "Storeys", "层数"),
        open("use", Text, "Use", "用途"),
        open("geom", Geometry, "Point or footprint", "位置"),
    ],
};

/// Events.
pub const EVENTS: Table = Table {
    name: "events",
    title: "Events, requests, cases and alarms",
    title_zh: "事",
    columns: &[
        open("code", Text, "Number in the source, e.g. of the work order", "编号"),
        open("kind", Text, "Kind", "类型"),
        open("category", Text, "Category, levels joined by /", "分类"),
        open("channel", Text, "Network it came through", "渠道"),
        open("title", Text, "Title", "标题"),
        personal("content", Text, "Content", "内容"),
        open("reported_at", Datetime, "Reported", "上报时间"),
        open("dispatched_at", Datetime, "Dispatched", "派单时间"),
        open("due_at", Datetime, "Due", "处理时限"),
        open("closed_at", Datetime, "Closed", "办结时间"),
        open("status", Text, "Status", "状态"),
        open("valid_visit", Boolean, "Followed up validly", "是否有效回访"),
        open("responded", Boolean, "Responded to", "是否响应"),
        open("resolved", Boolean, "Resolved", "是否解决"),
        open("satisfied", Text, "Satisfaction", "满意度"),
        open("value", Number, "Measured value or amount", "数值"),
        open("reporter_id", Text, "Who reported", "反映人编号"),
        personal("address", Text, "Place as written", "地点"),
        open("address_id", Text, "Standard address", "标准地址编号"),
        open("housing_id", Text, "Dwelling or building concerned", "涉及房屋编号"),
        open("land_id", Text, "Parcel concerned", "涉及宗地编号"),
        open("object_id", Text, "Object concerned", "涉及部件编号"),
        open("organization_id", Text, "Organization concerned", "涉及组织编号"),
        open("same_incident_id", Text, "Incident it is one report of", "同一事件编号"),
        open("geom", Geometry, "Place", "位置"),
    ],
};

/// Objects.
pub const OBJECTS: Table = Table {
    name: "objects",
    title: "Components, devices and other things",
    title_zh: "物",
    columns: &[
        open("kind", Text, "Kind", "类别"),
        open("code", Text, "Code", "编码"),
        open("name", Text, "Name", "名称"),
        open("status", Text, "Status", "状态"),
        open("organization_id", Text, "Organization that answers for it", "责任单位编号"),
        open("installed_at", Date, "Installed", "安装日期"),
        open("address", Text, "Place as written", "地点"),
        open("address_id", Text, "Standard address", "标准地址编号"),
        open("geom", Geometry, "Place", "位置"),
    ],
};

/// Organizations.
pub const ORGANIZATIONS: Table = Table {
    name: "organizations",
    title: "Organizations",
    title_zh: "组织",
    columns: &[
        open("kind", Text, "Kind", "类别"),
        open("name", Text, "Name", "名称"),
        open("credit_code", Text, "Unified social credit code", "统一社会信用代码"),
        open("code", Text, "Number in the register", "登记编号"),
        personal("legal_person", Text, "Legal representative", "法定代表人"),
        open("industry", Text, "Industry", "行业"),
        open("status", Text, "Status", "状态"),
        open("founded", Date, "Founded", "成立日期"),
        sensitive("phone", Text, "Phone", "联系电话"),
        open("tags", Tags, "Tags", "标签"),
        open("address", Text, "Address as written", "地址"),
        open("address_id", Text, "Standard address", "标准地址编号"),
        open("geom", Geometry, "Place", "位置"),
    ],
};

/// Areas.
pub const AREAS: Table = Table {
    name: "areas",
    title: "Districts, streets, communities and grids",
    title_zh: "区域",
    columns: &[
        open("code", Text, "Code", "编码"),
        open("name", Text, "Name", "名称"),
        open("level", Text, "city, district, street, community or grid", "级别"),
        open("parent_code", Text, "Code of the area above", "上级编码"),
        open("population", Integer, "Registered population, where a source says it", "人口"),
        open("geom", Geometry, "Polygon", "边界"),
        open("valid_from", Datetime, "Start of validity", "有效期起"),
        open("valid_to", Datetime, "End of validity", "有效期止"),
        open("sources", Tags, "Sources that know of it", "数据来源"),
        open("confidence", Number, "Probability that all its records are the same area", "置信度"),
        open("attributes", Json, "Source-specific values, by source", "来源特有属性"),
        open("updated_at", Datetime, "When the row last changed", "更新时间"),
    ],
};

/// Standard addresses.
pub const ADDRESSES: Table = Table {
    name: "addresses",
    title: "Standard addresses",
    title_zh: "标准地址",
    columns: &[
        open("canonical", Text, "Standard spelling", "标准地址"),
        open("level", Text, "Finest level: room, unit, building, compound, road, community, …", "级别"),
        open("prov", Text, "Province", "省"),
        open("city", Text, "City", "市"),
        open("district", Text, "District", "区"),
        open("devzone", Text, "Development zone", "开发区"),
        open("town", Text, "Street or town", "街道乡镇"),
        open("community", Text, "Community or village", "社区（村）"),
        open("road", Text, "Road", "路"),
        open("roadno", Text, "Road number", "门牌号"),
        open("subroad", Text, "Lane", "支路巷"),
        open("subroadno", Text, "Lane number", "支路号"),
        open("poi", Text, "Compound or place", "小区或地点"),
        open("subpoi", Text, "Part of the compound", "分区"),
        open("houseno", Text, "Building", "楼栋"),
        open("cellno", Text, "Unit", "单元"),
        open("floorno", Text, "Floor", "楼层"),
        open("roomno", Text, "Room", "室"),
        open("area_code", Text, "Community it lies in", "所在社区编码"),
        open("grid_code", Text, "Unit grid it lies in", "所在单元网格编码"),
        open("geom", Geometry, "Point", "位置"),
        open("sources", Tags, "Sources that write it", "数据来源"),
        open("updated_at", Datetime, "When the row last changed", "更新时间"),
    ],
};

/// Ties between entities.
pub const RELATIONS: Table = Table {
    name: "relations",
    title: "Typed, dated ties between entities",
    title_zh: "关系",
    columns: &[
        open("from_element", Text, "Element of the one", "主体类别"),
        open("from_id", Text, "Id of the one", "主体编号"),
        open("relation", Text, "Kind of tie", "关系"),
        open("to_element", Text, "Element of the other", "客体类别"),
        open("to_id", Text, "Id of the other", "客体编号"),
        open("valid_from", Datetime, "Start", "开始时间"),
        open("valid_to", Datetime, "End", "结束时间"),
        open("source", Text, "Source that says so", "来源"),
        open("confidence", Number, "Probability", "置信度"),
    ],
};
