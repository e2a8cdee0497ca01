// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_METADATA_KEYS_H
#define INCLUDED_CFISAC_RECORDING_METADATA_KEYS_H

//! Keys of the metadata, for those who write and those who read them.
namespace cfisac::recording::keys {

// The namespace of this project.
constexpr const char* extension = "isac";
constexpr const char* extension_version = "1.0.0";

// Objects of SigMF.
constexpr const char* global = "global";
constexpr const char* captures = "captures";
constexpr const char* annotations = "annotations";

// global
constexpr const char* version = "core:version";
constexpr const char* datatype = "core:datatype";
constexpr const char* sample_rate = "core:sample_rate";
constexpr const char* num_channels = "core:num_channels";
constexpr const char* sha512 = "core:sha512";
constexpr const char* description = "core:description";
constexpr const char* hardware = "core:hw";
constexpr const char* recorder = "core:recorder";
constexpr const char* author = "core:author";
constexpr const char* license = "core:license";
constexpr const char* extensions = "core:extensions";
constexpr const char* scenario = "isac:scenario";
constexpr const char* fingerprint = "isac:fingerprint";
constexpr const char* role = "isac:role";
constexpr const char* access_point = "isac:access_point";
constexpr const char* full_scale_dbm = "isac:full_scale_dbm";
constexpr const char* start_time_s = "isac:start_time_s";
constexpr const char* frame_period_s = "isac:frame_period_s";
constexpr const char* seed = "isac:seed";
constexpr const char* scene_seed = "isac:scene_seed";
constexpr const char* first_frame = "isac:first_frame";
constexpr const char* first_frame_sample = "isac:first_frame_sample";
constexpr const char* clock_source = "isac:clock_source";
constexpr const char* time_source = "isac:time_source";
constexpr const char* samples = "isac:samples";
constexpr const char* samples_clipped = "isac:samples_clipped";

// captures and annotations
constexpr const char* sample_start = "core:sample_start";
constexpr const char* global_index = "core:global_index";
constexpr const char* frequency = "core:frequency";
constexpr const char* datetime = "core:datetime";
constexpr const char* header_bytes = "core:header_bytes";
constexpr const char* time_seconds = "isac:rx_time_seconds";
constexpr const char* time_fraction = "isac:rx_time_fraction";
constexpr const char* sample_count = "core:sample_count";
constexpr const char* label = "core:label";
constexpr const char* lost_samples = "isac:lost_samples";

// Of data that are not laid out as here.
constexpr const char* dataset = "core:dataset";
constexpr const char* trailing_bytes = "core:trailing_bytes";
constexpr const char* metadata_only = "core:metadata_only";

} // namespace cfisac::recording::keys

#endif
